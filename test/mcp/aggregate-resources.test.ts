import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { Relay } from './relay.ts'
import { param } from './scripted-server.ts'

let relay: Relay
let client: Client
beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one'), stage.entry('a.b')])
  for (const name of ['one', 'a.b']) {
    const server = relay.server(name)
    server.prompts = [{ name: 'greet', arguments: [{ name: 'who' }] }]
    server.onTool('links', (call, process) =>
      process.answer(
        call,
        '{"content":[{"type":"resource_link","uri":"file:///x","name":"x","n":1.0},{"type":"text","text":"\\"uri\\":\\"file:///x\\""},' +
          '{"type":"resource","resource":{"uri":"file:///y?a=b#c","text":"\\u00e9","_meta":{"uri":"kept"}}}],"structuredContent":{"uri":"kept","big":9007199254740993}}',
      ),
    )
    server.on('resources/read', (call, process) => {
      const uri = JSON.stringify(param(call, 'uri'))
      process.answer(
        call,
        `{"contents":[{"uri":${uri},"text":"${name}","n":1.0}],"_meta":{"uri":"kept"}}`,
      )
    })
    server.on('prompts/get', (call, process) =>
      process.answer(call, {
        messages: [
          { role: 'user', content: { type: 'text', text: param(call, 'name') } },
          { role: 'user', content: { type: 'resource', resource: { uri: 'a:b', blob: '' } } },
          { role: 'user', content: { type: 'resource_link', uri: 'c:d', name: 'n' } },
        ],
      }),
    )
    server.on('completion/complete', (call, process) =>
      process.answer(call, { completion: { values: [JSON.stringify(call.params?.['ref'])] } }),
    )
  }
  client = await relay.connect('http')
  await client.request('tools/list')
})
afterAll(() => relay.close())

const completed = async (ref: object): Promise<unknown> => {
  const argument = { name: 'who', value: 'x' }
  const answer = await client.request('completion/complete', { ref, argument })
  const { completion, ...rest } = answer.result ?? { error: answer.error }
  return completion ? JSON.parse(String(Object(completion)['values'][0])) : rest
}

it('a resource is read from its server, by its own URI', async () => {
  for (const [server, uri] of [
    ['one', 'file:///é x?q={a}#f'],
    ['a.b', 'mcp://one/file:///x'],
    ['one', ''],
  ] as const) {
    const answer = await client.request('resources/read', { uri: `mcp://${server}/${uri}` })
    const expected = JSON.stringify(`mcp://${server}/${uri}`)
    expect(answer.raw.toString()).toContain(
      `"result":{"contents":[{"uri":${expected},"text":"${server}","n":1.0}],"_meta":{"uri":"kept"}}`,
    )
  }
})

it.each([['file:///x'], ['mcp://nobody/file:///x'], ['mcp://one'], [undefined]])(
  "a resource that is nobody's is not found: %s",
  async (uri) => {
    for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe'])
      expect((await client.request(method, { uri })).error?.code).toBe(-32002)
  },
)

it('links and embedded resources in a tool result can be read here; all else stays as it was', async () => {
  const answer = await client.call('links')
  expect(answer.raw.toString()).toContain(
    '"result":{"content":[{"type":"resource_link","uri":"mcp://one/file:///x","name":"x","n":1.0},{"type":"text","text":"\\"uri\\":\\"file:///x\\""},' +
      '{"type":"resource","resource":{"uri":"mcp://one/file:///y?a=b#c","text":"\\u00e9","_meta":{"uri":"kept"}}}],"structuredContent":{"uri":"kept","big":9007199254740993}}',
  )
})

it('a prompt is found by its name here, and its resources can be read here', async () => {
  const { prompts } = (await client.request('prompts/list')).result ?? {}
  const names = (prompts as { name: string }[]).map(({ name }) => name)
  expect(names[0]).toBe('one__greet')
  expect(names[1]).toMatch(/^a_b__greet_[0-9a-f]{8}$/)
  for (const [i, server] of ['one', 'a.b'].entries()) {
    const answer = await client.request('prompts/get', { name: names[i], arguments: {} })
    expect(answer.result).toEqual({
      messages: [
        { role: 'user', content: { type: 'text', text: 'greet' } },
        {
          role: 'user',
          content: { type: 'resource', resource: { uri: `mcp://${server}/a:b`, blob: '' } },
        },
        { role: 'user', content: { type: 'resource_link', uri: `mcp://${server}/c:d`, name: 'n' } },
      ],
    })
    expect(await completed({ type: 'ref/prompt', name: names[i] })).toEqual({
      type: 'ref/prompt',
      name: 'greet',
    })
  }
  expect((await client.request('prompts/get', { name: 'greet' })).error?.code).toBe(-32602)
})

it('completion reaches the server of the prompt or template', async () => {
  expect(await completed({ type: 'ref/resource', uri: 'mcp://a.b/x:///{p}' })).toEqual({
    type: 'ref/resource',
    uri: 'x:///{p}',
  })
  for (const ref of [{ type: 'ref/prompt', name: 'none' }, {}, { type: 'ref/prompt', name: 5 }])
    expect(await completed(ref)).toEqual({ error: expect.objectContaining({ code: -32602 }) })
})

it('a prompt that was never listed is completed all the same', async () => {
  await relay.shut()
  await relay.open()
  client = await relay.connect('duplex')
  expect(await completed({ type: 'ref/prompt', name: 'one__greet' })).toMatchObject({
    name: 'greet',
  })
})

it('methods that no aggregate can have are unknown', async () => {
  expect((await client.request('tasks/list')).error).toMatchObject({ code: -32601 })
})
