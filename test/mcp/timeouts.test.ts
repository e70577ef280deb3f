import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Relay } from './relay.ts'
import type { Message } from './scripted-server.ts'
import { eventually } from '../support/eventually.ts'

/** Each test has a server of its own, with a limit of one second, so that all can wait at once. */
let relay: Relay
const held = new Map<string, Message[]>()

beforeAll(async () => {
  const names = ['silent', 'moving', 'asking']
  relay = await Relay.start((stage) =>
    names.map((name) => stage.entry(name, { request_timeout_seconds: 1 })),
  )
  for (const name of names) {
    held.set(name, [])
    relay.server(name).onTool('hold', (call) => held.get(name)?.push(call))
  }
})
afterAll(() => relay.close())

async function heldBy(name: string, count: number): Promise<Message[]> {
  // Not expect.poll: these run at once.
  await eventually(() => expect(held.get(name)?.length).toBe(count))
  return held.get(name) ?? []
}

/** Time itself is what these are about. */
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.concurrent('the time-out of a server', () => {
  it('ends a call, and tells the server', async () => {
    const client = await relay.connect('http', { serverId: 'silent' })
    const answer = await client.call('hold')
    expect(answer.error?.message).toContain('request_timeout_seconds')
    const { current } = relay.server('silent')
    await eventually(() => expect(current.of('notifications/cancelled').length).toBe(1))
    expect((await client.call('echo')).result).toBeDefined()
  })

  it('is moved by progress', async () => {
    const client = await relay.connect('http', { serverId: 'moving' })
    const answer = client.call('hold', {}, { _meta: { progressToken: 't' } })
    const [call] = await heldBy('moving', 1)
    if (!call) throw new Error('never')
    const { current } = relay.server('moving')
    const progressToken: unknown = Object(call.params?.['_meta'])['progressToken']
    for (let progress = 0; progress < 6; progress++) {
      current.send({ method: 'notifications/progress', params: { progressToken, progress } })
      await eventually(() => expect(client.of('notifications/progress').length).toBe(progress + 1))
      await pass(400)
    }
    current.answer(call, { done: true })
    expect((await answer).result).toEqual({ done: true })
  })

  it('stands still while a person thinks, for every call that the question may belong to', async () => {
    const client = await relay.connect('duplex', {
      serverId: 'asking',
      capabilities: { sampling: {} },
    })
    const calls = [client.call('hold'), client.call('hold')]
    const open = await heldBy('asking', 2)
    const { current } = relay.server('asking')
    const answer = current.ask('sampling/createMessage', { messages: [] })
    await pass(2_500)
    const [question] = client.of('sampling/createMessage')
    if (question) client.respond(question, { result: { thought: true } })
    expect((await answer).result).toEqual({ thought: true })
    for (const call of open) current.answer(call, { done: true })
    for (const call of calls) expect((await call).result).toEqual({ done: true })
  })
})
