import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventStore } from '../../src-main/http/event-store.ts'
import type { EventLimits } from '../../src-main/http/event-store.ts'
import { SessionStreams } from '../../src-main/http/session-streams.ts'
import type { ResumableStream } from '../../src-main/http/resumable-stream.ts'
import { Exchange } from '../mcp/client.ts'
import type { HttpClient } from '../mcp/client.ts'
import { Relay } from '../mcp/relay.ts'
import type { Message, ScriptedProcess } from '../mcp/scripted-server.ts'

let relay: Relay
let started: { call: Message; process: ScriptedProcess }[] = []
beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one')])
  relay.server('one').onTool('steps', (call, process) => started.push({ call, process }))
})
afterAll(() => relay.close())

const listChanged = 'notifications/tools/list_changed'
let watcher: Reader | undefined

/** What the server has said before has reached the gateway. */
async function synced(): Promise<void> {
  if (!watcher) {
    const client = await open()
    await client.call('echo')
    watcher = resume(client)
    await watcher.exchange.head
  }
  const seen = watcher
  const count = (): number => seen.told.filter((told) => told === listChanged).length
  const before = count()
  relay.server('one').current.send({ method: listChanged })
  await expect.poll(count).toBe(before + 1)
}

interface SseEvent {
  id: string
  data: string
  retry: string
}

/** The events of a stream as far as it has come. */
class Reader {
  readonly exchange: Exchange
  #text = ''

  constructor(exchange: Exchange) {
    this.exchange = exchange
    exchange.head.then(
      (response) => response.on('data', (chunk: Buffer) => (this.#text += chunk.toString())),
      () => {},
    )
  }

  get all(): SseEvent[] {
    return this.#text
      .split('\n\n')
      .slice(0, -1)
      .map((block) => {
        const field = (name: string): string =>
          new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
        return { id: field('id'), data: field('data'), retry: field('retry') }
      })
      .filter(({ id }) => id !== '')
  }

  /** Without those that carry an id only. */
  get events(): SseEvent[] {
    return this.all.filter(({ data }) => data !== '')
  }

  get lastId(): string {
    return this.all.at(-1)?.id ?? ''
  }

  /** What was told, in short: a step of progress, `answer <id>`, or a method. */
  get told(): string[] {
    return this.events.map(({ data }) => {
      const { id, method, params } = JSON.parse(data) as Message
      if (method === undefined) return `answer ${id}`
      return method === 'notifications/progress' ? `step ${String(params?.['progress'])}` : method
    })
  }

  has(...told: string[]): Promise<void> {
    return expect.poll(() => this.told).toEqual(told)
  }
}

function resume(client: HttpClient, lastEventId?: string): Reader {
  const last = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const path = '/servers/one/mcp'
  return new Reader(
    new Exchange(relay.port, { path, method: 'GET', headers: { ...client.headers, ...last } }),
  )
}

/** A call that tells what the test lets it tell. */
async function call(client: HttpClient, id: number) {
  started = []
  const reader = new Reader(
    client.exchange(
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"steps","_meta":{"progressToken":"t${id}"}}}`,
    ),
  )
  await expect.poll(() => started.length).toBe(1)
  const [{ call: its, process } = { call: undefined, process: undefined }] = started
  if (!its || !process) throw new Error('The call did not come.')
  const meta = its.params?.['_meta'] as { progressToken: unknown }
  return {
    reader,
    step: (progress: number) =>
      process.send({
        method: 'notifications/progress',
        params: { progressToken: meta.progressToken, progress },
      }),
    answer: (text = 'done') => process.answer(its, { content: [{ type: 'text', text }] }),
    ask: () => process.ask('sampling/createMessage', { messages: [] }),
  }
}

/** Breaks the connection, and waits until the gateway has seen it. */
async function breakOff(client: HttpClient, reader: Reader): Promise<void> {
  reader.exchange.destroy()
  await client.call('echo')
}

const open = (protocolVersion = '2025-11-25', capabilities = {}): Promise<HttpClient> =>
  relay.http({ serverId: 'one', protocolVersion, capabilities })

const say = (data: string): void =>
  relay.server('one').current.send({
    method: 'notifications/message',
    params: { level: 'error', data },
  })

describe('an interrupted answer', () => {
  it('goes on where it was interrupted: each event once, those that came meanwhile too', async () => {
    const client = await open()
    const { reader, step, answer } = await call(client, 1)
    step(1)
    step(2)
    await reader.has('step 1', 'step 2')
    await breakOff(client, reader)
    step(3)
    await synced()
    // It has seen the first only.
    const again = resume(client, reader.events[0]?.id)
    await again.has('step 2', 'step 3')
    step(4)
    await again.has('step 2', 'step 3', 'step 4')
    answer()
    await again.has('step 2', 'step 3', 'step 4', 'answer 1')
    await again.exchange.done
    expect(new Set([...reader.events, ...again.events].map(({ id }) => id)).size).toBe(5)
  })

  it('is kept when the client is away', async () => {
    const client = await open()
    const { reader, step, answer } = await call(client, 2)
    step(1)
    await reader.has('step 1')
    await breakOff(client, reader)
    answer('later')
    await synced()
    const again = resume(client, reader.lastId)
    const { status } = await again.exchange.done
    expect(status).toBe(200)
    expect(again.told).toEqual(['answer 2'])
    // Who has it all is told nothing more.
    const more = resume(client, again.lastId)
    await more.exchange.done
    expect(more.told).toEqual([])
  })

  it('that is too large to be kept is told as an error', async () => {
    const client = await open()
    const { reader, step, answer } = await call(client, 3)
    step(1)
    await reader.has('step 1')
    await breakOff(client, reader)
    answer('x'.repeat(3 * 1024 * 1024))
    await synced()
    const again = resume(client, reader.lastId)
    await again.exchange.done
    expect(again.told).toEqual(['answer 3'])
    expect(again.events[0]?.data).toContain('too large to be kept')
  })

  it('takes questions along, and the answer to them is understood', async () => {
    const client = await open('2025-11-25', { sampling: {} })
    const { reader, step, ask, answer } = await call(client, 4)
    step(1)
    await reader.has('step 1')
    await breakOff(client, reader)
    const asked = ask()
    await synced()
    const again = resume(client, reader.lastId)
    await again.has('sampling/createMessage')
    const { id } = JSON.parse(again.events[0]?.data ?? '') as Message
    await client.exchange(JSON.stringify({ jsonrpc: '2.0', id, result: { role: 'user' } })).done
    expect((await asked).result).toEqual({ role: 'user' })
    answer()
    await again.has('sampling/createMessage', 'answer 4')
  })

  it('shows nothing of another stream, and leaves the stream of GET alone', async () => {
    const client = await open()
    const listening = resume(client)
    await listening.exchange.head
    const one = await call(client, 5)
    const two = await call(client, 6)
    one.step(1)
    two.step(10)
    await one.reader.has('step 1')
    await two.reader.has('step 10')
    await breakOff(client, one.reader)
    one.step(2)
    two.step(20)
    const again = resume(client, one.reader.lastId)
    await again.has('step 2')
    say('for all')
    await listening.has('notifications/message')
    one.answer()
    two.answer()
    await two.reader.has('step 10', 'step 20', 'answer 6')
    await again.has('step 2', 'answer 5')
    expect(listening.told).toEqual(['notifications/message'])
  })

  it('has one connection: the one that came last', async () => {
    const client = await open()
    const { reader, step, answer } = await call(client, 7)
    step(1)
    await reader.has('step 1')
    const again = resume(client, reader.lastId)
    await reader.exchange.done
    answer()
    await again.has('answer 7')
    expect(reader.told).toEqual(['step 1'])
  })

  it('ends with its session', async () => {
    const client = await open()
    const { reader, step } = await call(client, 8)
    step(1)
    await reader.has('step 1')
    await breakOff(client, reader)
    const again = resume(client, reader.lastId)
    await again.exchange.head
    await client.close()
    await again.exchange.done
    expect((await resume(client, reader.lastId).exchange.done).status).toBe(404)
  })
})

describe('the stream of GET', () => {
  it('brings what came while it was interrupted', async () => {
    const client = await open()
    await client.call('echo')
    const first = resume(client)
    await first.exchange.head
    say('a')
    await first.has('notifications/message')
    await breakOff(client, first)
    say('b')
    await synced()
    const again = resume(client, first.lastId)
    await again.has('notifications/message', listChanged)
    expect(again.events[0]?.data).toContain('"b"')
    say('c')
    await expect.poll(() => again.events.at(-1)?.data).toContain('"c"')
  })

  it('begins anew for a client that names no event, an unknown one, or one of another session', async () => {
    const other = await open()
    await other.call('echo')
    const theirs = resume(other)
    await theirs.exchange.head
    say('secret')
    await theirs.has('notifications/message')
    for (const id of [undefined, 'nonsense', theirs.all[0]?.id]) {
      const client = await open()
      await client.call('echo')
      const first = resume(client)
      await first.exchange.head
      await breakOff(client, first)
      const again = resume(client, id)
      await again.exchange.head
      say('new')
      await again.has('notifications/message')
      expect(again.events[0]?.data).toContain('"new"')
      await client.close()
    }
  })
})

describe('the first event', () => {
  it('of 2025-11-25 has an id and no data, on both kinds of streams', async () => {
    const client = await open()
    const { reader, step, answer } = await call(client, 9)
    step(1)
    answer()
    await reader.has('step 1', 'answer 9')
    const listening = resume(client)
    await expect.poll(() => listening.all.length).toBe(1)
    for (const [first] of [reader.all, listening.all])
      expect(first).toEqual({ id: expect.stringMatching(/./), data: '', retry: '1000' })
  })

  it('of older revisions is a message', async () => {
    const client = await open('2025-06-18')
    const { reader, step, answer } = await call(client, 10)
    step(1)
    answer()
    await reader.has('step 1', 'answer 10')
    expect(reader.all).toEqual(reader.events)
  })

  it('does not come where one JSON body is enough', async () => {
    const client = await open()
    const { headers } = await client.exchange('{"jsonrpc":"2.0","id":1,"method":"ping"}').done
    expect(headers['content-type']).toBe('application/json')
  })
})

describe('what is kept', () => {
  const limits: EventLimits = {
    sessionEvents: 4,
    sessionBytes: 4_000,
    eventBytes: 1_500,
    totalBytes: 6_000,
    keptMs: 1_000,
  }
  let now = 0
  const store = (more: Partial<EventLimits> = {}) =>
    new EventStore(() => now, { ...limits, ...more })
  const text = (length: number): Buffer[] => [Buffer.alloc(length, 0x78)]
  const sequences = (streams: SessionStreams, stream: ResumableStream): number[] => {
    const seen: Buffer[] = []
    // As much of a connection as a replay needs.
    streams.find(`${stream.name}-0`)?.stream.replay(0, (event) => seen.push(event))
    return seen.map((event) => Number(/^id: .*-(\d+)$/m.exec(event.toString())?.[1]))
  }

  it('is bounded by number: the oldest go first', () => {
    const streams = new SessionStreams(store())
    const stream = streams.create('p')
    for (let i = 0; i < 7; i++) stream.send(text(10))
    expect(sequences(streams, stream)).toEqual([4, 5, 6, 7])
  })

  it('is bounded in bytes for a session, and a large event is not kept', () => {
    const streams = new SessionStreams(store())
    const stream = streams.create('p')
    for (const length of [1_000, 2_000, 1_000, 1_000, 1_000]) stream.send(text(length))
    expect(sequences(streams, stream)).toEqual([3, 4, 5])
  })

  it('is bounded in bytes for all sessions together', () => {
    const all = store()
    const sessions = [new SessionStreams(all), new SessionStreams(all), new SessionStreams(all)]
    const streams = sessions.map((session) => session.create('g'))
    for (const stream of streams) for (let i = 0; i < 3; i++) stream.send(text(1_000))
    expect(all.bytes).toBeLessThanOrEqual(limits.totalBytes)
    expect(sessions.map((session, i) => sequences(session, streams[i] ?? streams[0]!))).toEqual([
      [],
      [3],
      [1, 2, 3],
    ])
    for (const session of sessions) session.close()
    expect(all.bytes).toBe(0)
  })

  it('is dropped when nobody comes back for long; an answer that is gone is said to be', () => {
    const all = store()
    const streams = new SessionStreams(all)
    const stream = streams.create('p')
    stream.send(text(10))
    stream.end()
    now += 1_000
    all.expire()
    expect(all.bytes).toBe(0)
    expect(() => streams.find(`${stream.name}-0`)).toThrow('not kept any more')
  })
})
