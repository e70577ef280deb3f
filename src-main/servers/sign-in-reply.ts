import { randomUUID } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { Reply } from '../mcp/caller.ts'
import type { ServerSignInGate } from './sign-in-gate.ts'

/**
 * A reply that gives a client which can show links one to sign in by, where a sign-in is what its request lacks
 * (2025-11-25 client/elicitation, URL Elicitation Required Error; 2026-07-28 has no such error).
 */
export function linkedReply(
  reply: Reply,
  serverId: string,
  signIn: () => ServerSignInGate | undefined,
): Reply {
  const { caller, root } = reply
  const { elicitation } = caller.capabilities
  if (caller.era !== 'legacy' || !isRecord(elicitation) || !('url' in elicitation)) return reply
  return {
    caller,
    root,
    answer: (response, era) => reply.answer(response, era),
    notify: (message) => reply.notify(message),
    fail: (error) => {
      const gate = error.code === 'sign_in_needed' ? signIn() : undefined
      if (gate === undefined) return reply.fail(error)
      gate.offer().then(
        ({ url, issuer }) => reply.fail(linkError(serverId, url, issuer)),
        (thrown: unknown) => reply.fail(asGatewayError(thrown)),
      )
    },
  }
}

function linkError(serverId: string, url: string, issuer: string): GatewayError {
  const message = `${serverId} needs a sign-in at ${new URL(issuer).host}. Open the link, then try again.`
  return new GatewayError('url_elicitation_required', message, {
    data: { elicitations: [{ mode: 'url', elicitationId: randomUUID(), url, message }] },
  })
}
