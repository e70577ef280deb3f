import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Exchange, HttpClient } from './client.ts'
import type { Client } from './client.ts'
import { at, Relay, ways } from './relay.ts'

/** The names (or URIs) in one page. */
async function page(client: Client, method: string, cursor?: string) {
  const answer = await client.request(method, cursor === undefined ? undefined : { cursor })
  const { nextCursor, ...rest } = answer.result ?? {}
  const [items] = Object.values(rest)
  const names = (Array.isArray(items) ? items : []).map((item: object): unknown =>
    'name' in item && method !== 'resources/list' && method !== 'resources/templates/list'
      ? item.name
      : 'uri' in item
        ? item.uri
        : Object(item)['uriTemplate'],
  )
  return { answer, names, nextCursor: typeof nextCursor === 'string' ? nextCursor : undefined }
}

async function pages(client: Client, method: string): Promise<unknown[][]> {
  const all: unknown[][] = []
  let cursor: string | undefined
  do {
    const { names, nextCursor } = await page(client, method, cursor)
    all.push(names)
    cursor = nextCursor
  } while (cursor !== undefined)
  return all
}

const list = async (client: Client, method = 'tools/list'): Promise<unknown[]> =>
  (await pages(client, method)).flat()

const numbered = (n: number, from = 0): { name: string; inputSchema: object }[] =>
  Array.from({ length: n }, (_, i) => ({ name: `t${from + i}`, inputSchema: { type: 'object' } }))

let relay: Relay | undefined
afterEach(async () => {
  await relay?.close()
  relay = undefined
})

describe('lists of all servers as one', () => {
  it('are the union of all pages of all servers, each item once and in the order of the catalog', async () => {
    relay = await Relay.start((stage) => ['a', 'b', 'c'].map((name) => stage.entry(name)))
    for (const name of ['a', 'b', 'c']) {
      const server = relay.server(name)
      server.pageSize = 3
      server.tools = numbered(8)
      server.prompts = numbered(7).map(({ name: prompt }) => ({ name: prompt }))
      server.resources = numbered(7).map(({ name: file }) => ({
        uri: `file:///${file}`,
        name: file,
      }))
      server.resourceTemplates = numbered(7).map(({ name: file }) => ({
        uriTemplate: `x:///${file}/{p}`,
        name: file,
      }))
    }
    const client = await relay.connect('duplex')
    const expected = (from: (server: string, i: number) => string, n: number): string[] =>
      ['a', 'b', 'c'].flatMap((server) => Array.from({ length: n }, (_, i) => from(server, i)))
    expect(await list(client)).toEqual(expected((server, i) => `${server}__t${i}`, 8))
    expect(await list(client, 'prompts/list')).toEqual(
      expected((server, i) => `${server}__t${i}`, 7),
    )
    expect(await list(client, 'resources/list')).toEqual(
      expected((server, i) => `mcp://${server}/file:///t${i}`, 7),
    )
    expect(await list(client, 'resources/templates/list')).toEqual(
      expected((server, i) => `mcp://${server}/x:///t${i}/{p}`, 7),
    )
    // The single endpoint has the pages of the server itself.
    const single = await relay.connect('http', { serverId: 'b' })
    expect((await pages(single, 'tools/list')).map((names) => names.length)).toEqual([3, 3, 2])
  })

  it('are cut at 500 items; cursors of others, of other lists and of nobody are refused', async () => {
    relay = await Relay.start((stage) => [stage.entry('a'), stage.entry('b')])
    relay.server('a').tools = numbered(700)
    relay.server('b').tools = numbered(700)
    const client = await relay.connect('http')
    const all = await pages(client, 'tools/list')
    expect(all.map((names) => names.length)).toEqual([500, 500, 400])
    expect(new Set(all.flat()).size).toBe(1400)
    const { nextCursor = '' } = await page(client, 'tools/list')
    const code = async (method: string, cursor: unknown) =>
      (await client.request(method, { cursor })).error?.code
    expect(await code('prompts/list', nextCursor)).toBe(-32602)
    for (const forged of [
      '',
      'x',
      'a.b',
      '500',
      `${nextCursor}x`,
      `x${nextCursor}`,
      nextCursor.toUpperCase(),
      5,
      {},
    ])
      expect(await code('tools/list', forged)).toBe(-32602)
  })

  it('go on after the same item although the list has changed in between', async () => {
    relay = await Relay.start((stage) => [stage.entry('a')])
    const server = relay.server('a')
    server.tools = numbered(600)
    const client = await relay.connect('http')
    const first = await page(client, 'tools/list')
    server.tools = [...numbered(5, 9_000), ...numbered(600)]
    server.current.send({ method: 'notifications/tools/list_changed' })
    await expect.poll(() => client.of('notifications/tools/list_changed').length).toBe(1)
    const second = await page(client, 'tools/list', first.nextCursor)
    expect(second.names).toEqual(numbered(100, 500).map(({ name }) => `a__${name}`))
  })

  it('keep every item as its server wrote it, but for its name', async () => {
    relay = await Relay.start((stage) => [stage.entry('one')])
    const rest =
      '"title":"T","icons":[{"src":"x"}],"annotations":{"readOnlyHint":true},"outputSchema":{"a":1.0},"future":[1e400],"execution":null'
    relay
      .server('one')
      .on('tools/list', (request, process) =>
        process.answer(
          request,
          `{"tools":[ {${rest},"name":"b","_meta":{"ui":{"resourceUri":"ui://x","v":1.0}}} ,{"name":"c.d"}],"_meta":{}}`,
        ),
      )
    const client = await relay.connect('http')
    const { answer, names } = await page(client, 'tools/list')
    expect(answer.raw.toString()).toContain(
      `{${rest},"name":"one__b","_meta":{"ui":{"resourceUri":"mcp://one/ui://x","v":1.0}}}`,
    )
    expect(names[1]).toMatch(/^one__c_d_[0-9a-f]{8}$/)
  })

  it('a server that pages in circles, or lists nonsense, does no harm', async () => {
    relay = await Relay.start((stage) => [
      stage.entry('circle'),
      stage.entry('nonsense'),
      stage.entry('good'),
    ])
    relay
      .server('circle')
      .on('tools/list', (request, process) =>
        process.answer(request, { tools: [{ name: 'x' }], nextCursor: 'again' }),
      )
    relay.server('nonsense').on('tools/list', (request, process) =>
      process.answer(request, {
        tools: [1, null, { name: 5 }, { title: 'x' }, { name: 'ok' }, { name: 'ok' }],
      }),
    )
    const client = await relay.connect('duplex')
    expect(await list(client)).toEqual(['circle__x', 'nonsense__ok', 'good__echo'])
  })
})

describe('a server that hangs', () => {
  it('delays the first list by the bounded wait, no later one, and joins when it is there', async () => {
    relay = await Relay.start((stage) =>
      ['h1', 'h2', 'h3', 'h4', 'h5', 'good'].map((name) => stage.entry(name)),
    )
    const held = new Map<string, () => void>()
    for (const name of ['h1', 'h2', 'h3', 'h4', 'h5'])
      relay.server(name).on('initialize', (request, process) => {
        held.set(name, () =>
          process.answer(request, {
            protocolVersion: '2025-11-25',
            capabilities: { tools: {} },
            serverInfo: { name, version: '1' },
          }),
        )
      })
    // One that is known delays nobody at all.
    const single = await relay.connect('duplex', { serverId: 'good' })
    await single.call('echo')
    const client = await relay.connect('http')
    const start = performance.now()
    expect(await list(client)).toEqual(['good__echo'])
    expect(performance.now() - start).toBeGreaterThan(4_000)
    expect(performance.now() - start).toBeLessThan(7_000)
    const again = performance.now()
    expect(await list(client)).toEqual(['good__echo'])
    expect(await list(client, 'prompts/list')).toEqual([])
    expect(performance.now() - again).toBeLessThan(1_000)
    // A call of the good one is not held up either.
    expect((await client.request('tools/call', { name: 'good__echo' })).result).toBeDefined()
    await expect.poll(() => held.size, { timeout: 5_000 }).toBe(5)
    client.messages.splice(0)
    held.get('h1')?.()
    await expect
      .poll(() => client.of('notifications/tools/list_changed').length, { timeout: 5_000 })
      .toBe(1)
    expect(await list(client)).toEqual(['h1__echo', 'good__echo'])
    for (const release of held.values()) release()
  })
})

describe('the first call', () => {
  it('of a tool that was never listed starts its server alone', async () => {
    relay = await Relay.start((stage) => ['one', 'two', 'three'].map((name) => stage.entry(name)))
    const client = await relay.connect('http')
    expect((await client.call('echo')).result).toBeDefined()
    expect(relay.server('one').processes.length).toBe(1)
    expect(relay.server('two').processes.length).toBe(0)
    expect((await client.request('tools/call', { name: 'two__none' })).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('two__none'),
    })
    expect((await client.request('tools/call', { name: 'nobody__none' })).error?.code).toBe(-32602)
    expect((await client.request('tools/call', {})).error?.code).toBe(-32602)
    expect(relay.server('three').processes.length).toBe(0)
  })

  it('of a server that cannot start says why', async () => {
    relay = await Relay.start(() => [
      { id: 'one', runtime: { type: 'local-process', command: '/no/such/program' } },
    ])
    const client = await relay.connect('http')
    expect((await client.call('echo')).error?.message).toContain('/no/such/program')
    expect(await list(client)).toEqual([])
  })

  it('ten at once start one process', async () => {
    relay = await Relay.start((stage) => [stage.entry('one')])
    const { port } = relay
    const clients = await Promise.all(Array.from({ length: 10 }, () => HttpClient.open(port)))
    const answers = await Promise.all(clients.map((client) => client.call('echo')))
    for (const answer of answers) expect(answer.result).toBeDefined()
    expect(relay.server('one').processes.length).toBe(1)
  })
})

describe('the cache on disk', () => {
  it('answers 20 sessions after a restart of the gateway without a process, and is refreshed by a run', async () => {
    relay = await Relay.start((stage) => ['one', 'two'].map((name) => stage.entry(name)))
    const one = relay.server('one')
    one.instructions = 'Use it well.'
    one.tools = numbered(5)
    one.pageSize = 2
    // No prompts at all, and no templates although it has resources.
    one.capabilities = { tools: {}, resources: {} }
    for (const method of ['prompts/list', 'resources/templates/list'])
      one.on(method, (request, process) =>
        process.fail(request, { code: -32601, message: `Method not found: ${method}` }),
      )
    const first = await relay.connect('http')
    await list(first)
    const lists = ['tools/list', 'resources/list', 'prompts/list', 'resources/templates/list']
    const direct = await relay.connect('http', { serverId: 'one' })
    const live = await Promise.all(lists.map((method) => direct.request(method)))
    await relay.shut()
    const before = one.processes.length
    await relay.open()
    for (let i = 0; i < 20; i++) {
      const client = await relay.connect(
        i % 4 < 2 ? 'http' : 'duplex',
        i % 2 === 0 ? { serverId: 'one' } : {},
      )
      if (client.serverId === undefined) {
        expect(client.greeting?.result?.['instructions']).toContain('Use it well.')
        expect(await list(client)).toEqual([
          ...numbered(5).map(({ name }) => `one__${name}`),
          'two__echo',
        ])
        for (const method of lists.slice(1))
          expect((await client.request(method)).result).toBeDefined()
      } else {
        expect(client.greeting?.result).toMatchObject({
          instructions: 'Use it well.',
          capabilities: { tools: {}, resources: {} },
          serverInfo: { name: 'one' },
        })
        expect(await list(client)).toEqual(numbered(5).map(({ name }) => name))
        for (const [n, method] of lists.entries()) {
          if (n === 0) continue
          const answer = await client.request(method)
          expect(answer.result).toEqual(live[n]?.result)
          expect(answer.error?.code).toEqual(live[n]?.error?.code)
        }
      }
    }
    expect(one.processes.length).toBe(before)
    expect(relay.server('two').processes.length).toBe(1)

    // It has learnt something new meanwhile; that shows as soon as it runs.
    one.tools = numbered(6)
    const client = await relay.connect('http')
    await client.request('tools/call', { name: 'one__t1' })
    await expect
      .poll(() => client.of('notifications/tools/list_changed').length, { timeout: 5_000 })
      .toBe(1)
    expect((await list(client)).length).toBe(7)
  })
})

describe('tools.allow and tools.deny', () => {
  beforeAll(async () => {
    filtered = await Relay.start((stage) => [
      stage.entry('one', {
        tools: { allow: ['read_*', 'drop_x', 'list'], deny: ['drop_*', '*_secret'] },
      }),
    ])
    filtered.server('one').tools = ['read_a', 'read_secret', 'drop_x', 'list', 'other'].map(
      (name) => ({ name, x: 1.5 }),
    )
  })
  afterAll(() => filtered.close())
  let filtered: Relay

  const denied = ['read_secret', 'drop_x', 'other']

  it.each(ways)('hold on $endpoint over $carrier', async (way) => {
    const client = await filtered.connect(way.carrier, at(way))
    expect(await list(client)).toEqual(['read_a', 'list'].map((name) => client.toolName(name)))
    expect((await client.call('list')).result).toBeDefined()
    const before = filtered.server('one').of('tools/call').length
    for (const name of denied) expect((await client.call(name)).error?.code).toBe(-32602)
    // The last of two names is the one that counts; a server might think otherwise.
    for (const [first, second] of [
      ['list', 'other'],
      ['other', 'list'],
    ] as const) {
      const names = `"name":"${client.toolName(first)}","name":"${client.toolName(second)}"`
      const answer = await client.raw(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${names}}}`,
        '1',
      )
      expect(answer.error?.code).toBe(-32602)
    }
    const both = { name: client.toolName('list'), Name: 'other' }
    expect((await client.request('tools/call', both)).error?.code).toBe(-32602)
    expect(filtered.server('one').of('tools/call').length).toBe(before)
  })

  it.each(['/mcp', '/rpc'])('hold for single calls by %s', async (path) => {
    const call = async (method: string, params?: object) => {
      const body = JSON.stringify({
        ...(path === '/mcp' ? { server_id: 'one' } : {}),
        id: 1,
        method,
        params,
      })
      const headers = { 'x-server-id': 'one' }
      const { status, body: text } = await new Exchange(filtered.port, { path, headers, body }).done
      return { status, text: text.toString() }
    }
    expect((await call('tools/list')).text).toContain(
      '"result":{"tools":[{"name":"read_a","x":1.5},{"name":"list","x":1.5}]}',
    )
    const before = filtered.server('one').of('tools/call').length
    for (const name of denied)
      expect(await call('tools/call', { name })).toMatchObject({
        status: 400,
        text: expect.stringContaining('-32602'),
      })
    expect(filtered.server('one').of('tools/call').length).toBe(before)
    expect((await call('tools/call', { name: 'list' })).status).toBe(200)
  })
})

describe('a reload', () => {
  it('that adds, removes or filters is told; one that changes nothing is not', async () => {
    relay = await Relay.start((stage) => [stage.entry('one'), stage.entry('two')])
    const client = await relay.connect('http')
    const single = await relay.connect('duplex', { serverId: 'one' })
    await single.call('echo')
    const leaving = await relay.http({ serverId: 'two' })
    expect(await list(client)).toEqual(['one__echo', 'two__echo'])
    const { stage } = relay
    const apply = async (entries: object[]) => {
      for (const it of [client, single]) it.messages.splice(0)
      await relay?.writeCatalog(entries)
      await relay?.gateway.reload()
    }
    const told = () => client.of('notifications/tools/list_changed').length

    await apply([
      stage.entry('one'),
      stage.entry('two', { description: 'x', idle_timeout_seconds: 9 }),
    ])
    await apply([stage.entry('one'), stage.entry('two'), stage.entry('three')])
    await expect.poll(told).toBe(1)
    expect(await list(client)).toEqual(['one__echo', 'two__echo', 'three__echo'])
    expect(single.messages).toEqual([])

    await apply([stage.entry('three'), stage.entry('one', { tools: { deny: ['*'] } })])
    await expect.poll(told).toBe(1)
    expect(await list(client)).toEqual(['three__echo'])
    await expect.poll(() => single.of('notifications/tools/list_changed').length).toBe(1)
    expect(await list(single)).toEqual([])
    expect((await client.request('tools/call', { name: 'two__echo' })).error?.code).toBe(-32602)
    const { status } = await leaving.exchange('{"jsonrpc":"2.0","id":1,"method":"ping"}').done
    expect(status).toBe(404)
    expect(relay.server('one').processes.length).toBe(1)
  })
})
