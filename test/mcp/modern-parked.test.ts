import { setImmediate } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { ClientReply } from '../../src-main/mcp/client-reply.ts'
import { isRequest, readEnvelope } from '../../src-main/mcp/envelope.ts'
import type { RequestEnvelope } from '../../src-main/mcp/envelope.ts'
import { ModernCallers } from '../../src-main/mcp/modern-callers.ts'
import { ParkedCalls } from '../../src-main/mcp/parked-calls.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { readMessage } from './scripted-server.ts'
import type { Message } from './scripted-server.ts'
import { eventually } from '../support/eventually.ts'

function request(method: string, params: object): RequestEnvelope {
  const envelope = readEnvelope(
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })),
  )
  if (!isRequest(envelope)) throw new Error('never')
  return envelope
}

function stage() {
  const clock = new FakeClock()
  const parked = new ParkedCalls(clock)
  const callers = new ModernCallers(() => {})
  const answers: Message[] = []
  const reply = (its: RequestEnvelope): ClientReply =>
    new ClientReply(
      callers.of('a', 'a', {}),
      its,
      {
        respond: (message) => void answers.push(readMessage(Buffer.concat(message))),
        send: () => true,
        abandon() {},
      },
      () => {},
    )
  const call = request('tools/call', { name: 't', arguments: {} })
  const binding = { principal: 'a', serverId: 's', request: call }
  /** A call that is parked with one question. */
  const park = async () => {
    const parkable = parked.reply(binding, reply(call))
    const cancelled = vi.fn()
    const refused = vi.fn()
    parkable.handle = { cancel: cancelled }
    parkable.ask(request('elicitation/create', {}), {
      answer() {},
      progress() {},
      fail: refused,
    })
    const before = answers.length
    clock.advance(100)
    await setImmediate()
    expect(answers).toHaveLength(before + 1)
    return { cancelled, refused, handle: String(answers.at(-1)?.result?.['requestState']) }
  }
  return { clock, parked, reply, call, binding, park, answers }
}

it('a call whose client never comes back is cancelled at the server, and its handle expires', async () => {
  const { clock, parked, park, reply, call, binding } = stage()
  const { cancelled, refused, handle } = await park()
  clock.advance(9 * 60_000)
  expect(cancelled).not.toHaveBeenCalled()
  clock.advance(60_000)
  expect(cancelled).toHaveBeenCalledOnce()
  expect(refused).toHaveBeenCalledOnce()
  expect(parked.size).toBe(0)
  expect(() => parked.resume(handle, binding, reply(call))).toThrow(/not known/)
})

it('a handle is of one principal, one endpoint and one request', async () => {
  const { parked, park, reply, call, binding } = stage()
  const { handle } = await park()
  for (const wrong of [
    { ...binding, principal: 'b' },
    { ...binding, serverId: '' },
    { ...binding, request: request('tools/call', { name: 't', arguments: { a: 1 } }) },
    { ...binding, request: request('prompts/get', { name: 't', arguments: {} }) },
  ])
    expect(() => parked.resume(handle, wrong, reply(call))).toThrow(/another request/)
  // Another order of its members, and other metadata, are the same request.
  const same = request('tools/call', { _meta: { x: 1 }, arguments: {}, name: 't' })
  expect(() => parked.resume(handle, { ...binding, request: same }, reply(same))).not.toThrow()
})

it('parked calls are bounded: past that a question fails, and the gateway gives all up when it stops', async () => {
  const { clock, parked, park, binding, reply, call } = stage()
  const first = await park()
  for (let i = 1; i < 1_000; i++) await park()
  const refused = vi.fn()
  const parkable = parked.reply(binding, reply(call))
  parkable.ask(request('elicitation/create', {}), { answer() {}, progress() {}, fail: refused })
  clock.advance(100)
  await eventually(() => expect(refused).toHaveBeenCalledOnce())
  expect(parked.size).toBe(1_000)
  parked.close()
  expect(parked.size).toBe(0)
  expect(first.cancelled).toHaveBeenCalledOnce()
})

it('the end of a request that has been answered is not the end of its call', async () => {
  const { parked, park, binding, reply, call } = stage()
  const { cancelled, handle } = await park()
  const first = reply(call)
  const second = reply(call)
  const parkable = parked.resume(handle, binding, second)
  parkable.during(first).cancel('its connection has closed late')
  expect(cancelled).not.toHaveBeenCalled()
  parkable.during(second).cancel('given up')
  expect(cancelled).toHaveBeenCalledOnce()
})

it('callers are bounded, and the one that was used longest ago is let go', () => {
  const gone = vi.fn()
  const callers = new ModernCallers(gone)
  const first = callers.of('p', 'p', {})
  for (let n = 1; n <= 1_000; n++) callers.of('p', 'p', { n: { n } })
  expect(first.isGone).toBe(true)
  expect(gone).toHaveBeenCalledExactlyOnceWith(first)
})

it('gathers what a server asks one after another, for a while, into one result', async () => {
  const { clock, parked, reply, call, binding, answers } = stage()
  const parkable = parked.reply(binding, reply(call))
  const asks = async (pauses: readonly number[]): Promise<number[]> => {
    const sent: number[] = []
    for (const pause of pauses) {
      parkable.ask(request('elicitation/create', {}), { answer() {}, progress() {}, fail() {} })
      clock.advance(pause)
      await setImmediate()
      sent.push(Object.keys(answers.at(-1)?.result?.['inputRequests'] ?? {}).length)
    }
    return sent
  }
  expect(await asks([30, 30, 50])).toEqual([0, 0, 3])
  const handle = String(answers.at(-1)?.result?.['requestState'])
  const again = request('tools/call', { name: 't', arguments: {}, requestState: handle })
  parked.resume(handle, { ...binding, request: again }, reply(again))
  // One that asks without an end does not keep its client waiting.
  const counts = await asks(Array.from({ length: 8 }, () => 30))
  expect(answers).toHaveLength(2)
  expect(counts.at(-1)).toBeGreaterThan(6)
})
