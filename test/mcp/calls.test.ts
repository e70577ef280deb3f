import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { at, Relay, ways } from './relay.ts'
import { param } from './scripted-server.ts'
import type { Message } from './scripted-server.ts'

let relay: Relay
/** Calls of the tool `hold`, open until the test answers them; by their argument `key`. */
const held = new Map<unknown, Message>()
const keyOf = (call: Message): unknown => Object(call.params?.['arguments'])['key']

beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one')])
  const one = relay.server('one')
  one.onTool('hold', (call) => held.set(keyOf(call), call))
  one.onTool('big', (call, process) => {
    const result = `{"content":[],"text":"${bigText}"}`
    process.write(`{"jsonrpc":"2.0","result":${result},"id":${JSON.stringify(call.id)}}\n`)
  })
})
afterAll(() => relay.close())

let bigText = ''

async function hold(client: Client, key: string, more: object = {}, id?: string | number) {
  const answer = client.call('hold', { key }, more, id)
  const call = await expect
    .poll(() => held.get(key))
    .toBeDefined()
    .then(() => held.get(key))
  if (!call) throw new Error('never')
  held.delete(key)
  return { answer, call, release: () => relay.server('one').current.answer(call, { key }) }
}

const tokenOf = (call: Message): unknown => Object(call.params?.['_meta'])['progressToken']

describe.each(ways)('$endpoint over $carrier', (way) => {
  let a: Client
  let b: Client
  beforeAll(async () => {
    a = await relay.connect(way.carrier, at(way))
    b = await relay.connect(way.carrier, at(way))
  })

  it('matches 100 calls of each of two clients with equal ids', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => [i, String(i)]).flat()
    const answers = await Promise.all(
      [a, b].map((client, n) =>
        Promise.all(ids.map((id) => client.call('echo', { from: n, id }, {}, id))),
      ),
    )
    for (const [n, its] of answers.entries())
      for (const [i, answer] of its.entries()) {
        expect(answer.id).toBe(ids[i])
        expect(answer.result).toEqual({
          content: [{ type: 'text', text: JSON.stringify({ from: n, id: ids[i] }) }],
        })
      }
    const upstream = relay
      .server('one')
      .current.of('tools/call')
      .map(({ id }) => id)
    expect(new Set(upstream).size).toBe(upstream.length)
  })

  it('refuses a second request with an id that is in flight', async () => {
    const first = await hold(a, 'twice', {}, 'same')
    const second = await new Promise<Message>((resolve) => {
      void a.call('echo', {}, {}, 'same').then(resolve)
    })
    expect(second.error).toMatchObject({ code: -32600, message: expect.stringContaining('"same"') })
    const late = a.raw('{"jsonrpc":"2.0","method":"notifications/none"}', '"same"')
    first.release()
    expect((await late).result).toEqual({ key: 'twice' })
  })

  it('gives each client its progress with its own token, and none after the result', async () => {
    const calls = await Promise.all([
      hold(a, 'p1', { _meta: { progressToken: 1 } }),
      hold(b, 'p2', { _meta: { progressToken: 1 } }),
      hold(a, 'p3', { _meta: { progressToken: 'abc', other: 1 } }),
    ])
    const server = relay.server('one').current
    expect(new Set(calls.map(({ call }) => tokenOf(call))).size).toBe(3)
    const progress = (call: Message, n: number): void =>
      server.send({
        method: 'notifications/progress',
        params: { progressToken: tokenOf(call), progress: n, message: 'é', x: null },
      })
    for (const [i, { call }] of calls.entries()) progress(call, i)
    for (const { release } of calls) release()
    await Promise.all(calls.map(({ answer }) => answer))
    for (const { call } of calls) progress(call, 9)
    await a.call('echo')
    const seen = (client: Client) =>
      client
        .of('notifications/progress')
        .map(({ params }) => [params?.['progressToken'], params?.['progress']])
    expect(seen(a)).toEqual([
      [1, 0],
      ['abc', 2],
    ])
    expect(seen(b)).toEqual([[1, 1]])
    expect(a.of('notifications/progress')[0]?.params).toEqual({
      progressToken: 1,
      progress: 0,
      message: 'é',
      x: null,
    })
  })

  it('tells the server of a cancellation within a second, and gives no answer after it', async () => {
    const { answer, call, release } = await hold(a, 'gone', {}, 77)
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    const start = performance.now()
    a.notify('notifications/cancelled', { requestId: 77, reason: 'no longer "wanted"' })
    const server = relay.server('one').current
    await expect
      .poll(() => server.of('notifications/cancelled').at(-1)?.params, { interval: 5 })
      .toEqual({
        requestId: call.id,
        reason: 'no longer "wanted"',
      })
    expect(performance.now() - start).toBeLessThan(1_000)
    release()
    expect((await a.call('echo')).result).toBeDefined()
    expect(isAnswered).toBe(false)
    // The id is free again.
    expect((await a.call('echo', {}, {}, 77)).id).toBe(77)
  })

  it('ignores a cancellation of what is not its own', async () => {
    const { answer, release } = await hold(a, 'mine', {}, 'k')
    const before = relay.server('one').of('notifications/cancelled').length
    b.notify('notifications/cancelled', { requestId: 'k' })
    a.notify('notifications/cancelled', { requestId: 'K' })
    a.notify('notifications/cancelled')
    await b.call('echo')
    await a.call('echo')
    expect(relay.server('one').of('notifications/cancelled').length).toBe(before)
    release()
    expect((await answer).result).toEqual({ key: 'mine' })
  })

  it('cancels what is in flight when the session ends', async () => {
    const c = await relay.connect(way.carrier, at(way))
    const { call } = await hold(c, 'leaves')
    await c.close()
    await expect
      .poll(() => relay.server('one').current.of('notifications/cancelled').at(-1)?.params)
      .toMatchObject({ requestId: call.id })
  })

  it('answers ping itself', async () => {
    const before = relay.server('one').of('ping').length
    expect((await a.request('ping')).result).toEqual({})
    expect(relay.server('one').of('ping').length).toBe(before)
  })

  it('carries 8 MiB of arguments and of result unchanged', async () => {
    const text = '"😀\\u2028\\n'.replace('"', '').repeat(720 * 1024)
    bigText = text
    const name = JSON.stringify(a.serverId === undefined ? 'one__echo' : 'echo')
    const sent = `{"text":"${text}"}`
    expect(Buffer.byteLength(sent)).toBeGreaterThan(8 * 1024 * 1024)
    await a.raw(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${name},"arguments":${sent}}}`,
      '1',
    )
    const got = relay
      .server('one')
      .current.of('tools/call')
      .findLast((call) => param(call, 'name') === 'echo')
    expect(got?.raw.toString().endsWith(`"arguments":${sent}}}`)).toBe(true)
    const answer = await a.call('big', {}, {}, 2)
    const expected = `{"jsonrpc":"2.0","result":{"content":[],"text":"${text}"},"id":2}`
    // Compared as a whole: a difference of 8 MiB helps nobody.
    expect(answer.raw.equals(Buffer.from(expected))).toBe(true)
  })
})

describe('a single endpoint', () => {
  let client: Client
  beforeAll(async () => (client = await relay.connect('http', { serverId: 'one' })))

  it('relays methods and members that it does not know', async () => {
    relay
      .server('one')
      .on('future/method', (request, process) =>
        process.answer(request, `{"got":1.0,"params":${JSON.stringify(request.params)}}`),
      )
    const answer = await client.request('future/method', { a: [1] })
    expect(answer.raw.toString()).toContain('"result":{"got":1.0,"params":{"a":[1]}}')
  })

  it('relays the -32601 of a server for what it does not know', async () => {
    expect((await client.request('no/such')).error).toEqual({
      code: -32601,
      message: 'Method not found: no/such',
    })
  })
})

it('tells a crash at once to all whom it concerns, and serves their next calls', async () => {
  const clients = await Promise.all(ways.map((way) => relay.connect(way.carrier, at(way))))
  const calls = await Promise.all(clients.map((client, i) => hold(client, `crash ${i}`)))
  const start = performance.now()
  relay.server('one').current.crash()
  for (const { answer } of calls)
    expect((await answer).error).toMatchObject({
      code: -32000,
      message: expect.stringContaining('exited with code 3'),
    })
  expect(performance.now() - start).toBeLessThan(1_000)
  for (const client of clients) expect((await client.call('echo')).result).toBeDefined()
})

describe('framing', () => {
  let client: Client
  beforeAll(async () => (client = await relay.connect('http', { serverId: 'one' })))

  it('takes line ends of either kind, junk lines, and separators that are text', async () => {
    const server = relay.server('one')
    server.onTool('odd', (call, process) => {
      const id = JSON.stringify(call.id)
      process.write('Server listening {"jsonrpc"...\n\n{not json}\r\n{"jsonrpc":"2.0"}\n[]\n')
      process.write(
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"\\x":1}}\n',
      )
      process.write(
        '{"jsonrpc":"2.0","id":99999,"result":{}}\n{"jsonrpc":"2.0","id":"1","result":{}}\n',
      )
      process.write(`\t {"jsonrpc":"2.0","id":${id},"result":{"t":"a\u2028b\u2029c\u0085d"}}\r\n`)
    })
    const answer = await client.call('odd')
    expect(answer.result).toEqual({ t: 'a\u2028b\u2029c\u0085d' })
  })

  it.each(['head', 'tail'])(
    'an answer above the cap is an error at once, with its id at the %s',
    async (place) => {
      const server = relay.server('one')
      const part = 'x'.repeat(1024 * 1024)
      server.onTool(`huge-${place}`, (call, process) => {
        const id = `"jsonrpc":"2.0","id":${JSON.stringify(call.id)}`
        process.write(place === 'head' ? `{${id},"result":{"x":"` : '{"result":{"x":"')
        for (let i = 0; i < 65; i++) process.write(part)
        process.write(place === 'head' ? '"}}\n' : `"},${id}}\n`)
      })
      const { pid } = server.current
      expect((await client.call(`huge-${place}`)).error?.message).toContain('64 MB')
      expect((await client.call('echo')).result).toBeDefined()
      expect(server.current.pid).toBe(pid)
    },
  )

  it('an answer that is no JSON is an error where it has to be read, not a hang', async () => {
    const all = await relay.connect('http')
    const server = relay.server('one')
    server.onTool('garbled', (call, process) =>
      process.write(
        `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":{"content":[{"uri":}]}}\n`,
      ),
    )
    await all.request('tools/list')
    server.current.send({ method: 'notifications/tools/list_changed' })
    await expect.poll(() => all.of('notifications/tools/list_changed').length).toBeGreaterThan(0)
    expect((await all.call('garbled')).error?.message).toContain('Invalid JSON')
  })

  it('joins characters that were cut in the middle', async () => {
    const server = relay.server('one')
    server.onTool('cut', (call, process) => {
      const bytes = Buffer.from(
        `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":{"t":"😀é"}}\n`,
      )
      // One byte at a time, each on a turn of its own.
      let at = 0
      const next = (): void => {
        process.write(bytes.subarray(at, ++at))
        if (at < bytes.length) setImmediate(next)
      }
      next()
    })
    expect((await client.call('cut')).result).toEqual({ t: '😀é' })
  })
})
