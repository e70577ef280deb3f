import { GatewayError } from '../../src-shared/errors.ts'
import { Call } from '../mcp/call.ts'
import type { CallOwner } from '../mcp/call.ts'
import { gatewayCaller } from '../mcp/caller.ts'
import type { Reply } from '../mcp/caller.ts'
import { isRequest, message, readEnvelope } from '../mcp/envelope.ts'
import type { Envelope } from '../mcp/envelope.ts'
import type { Clock } from './clock.ts'
import type { Instance } from './instance.ts'

/** A stuck answer must not hold others up. */
export const ownRequestTimeoutMs = 30_000

/**
 * A request of the gateway itself to one instance: neither activity nor counted, and never sent again. Rejects with
 * GatewayError; `server_timeout` after `timeoutMs`.
 */
export function askInstance(
  instance: Instance,
  clock: Clock,
  method: string,
  params: object | undefined,
  timeoutMs: number,
): Promise<Envelope> {
  return new Promise((resolve, reject) => {
    const envelope = readEnvelope(message(method, params, 0))
    if (!isRequest(envelope)) throw new GatewayError('internal', `${method} is no request.`)
    const owner: CallOwner = {
      settled() {},
      lost: (call, error) => call.fail(error),
    }
    const reply: Reply = {
      caller: gatewayCaller,
      get root() {
        return this
      },
      answer: (response) => {
        stopTimer()
        resolve(response)
      },
      fail: (error) => {
        stopTimer()
        reject(error)
      },
      notify: () => false,
    }
    const call = new Call(
      { envelope, era: 'legacy', logLevel: undefined, progressToken: undefined, edits: [] },
      reply,
      owner,
      clock.now(),
    )
    const stopTimer = clock.after(timeoutMs, () => {
      call.cancel('timed out')
      const s = Math.round(timeoutMs / 1000)
      reject(
        new GatewayError(
          'server_timeout',
          `${instance.serverId} did not answer ${method} within ${s} s.`,
        ),
      )
    })
    instance.send(call)
  })
}
