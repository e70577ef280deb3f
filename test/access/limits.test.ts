import { describe, expect, test } from 'vitest'
import type { ProcedureInput } from '../../src-shared/api.ts'
import { ClientRegister } from '../../src-main/ai-clients/client-register.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { openHost } from '../management/host.ts'
import { eventually } from '../support/eventually.ts'
import { scriptedServer, toolText } from '../support/gateway.ts'
import { aggregateWays, httpSession, pipe, singleWays, toolNames } from './ways.ts'
import type { Who } from './ways.ts'

async function limited(limits: ProcedureInput<'access.set_limits'>['limits']) {
  const host = await openHost({
    servers: ['alpha', 'beta'].map((id) => scriptedServer(id, ['--tools=drop_all'])),
  })
  const { token } = await host.call('access.grant', { id: 'editor', name: 'Editor' })
  await host.call('access.set_limits', { id: 'editor', limits })
  const who: Who = { id: 'editor', token: token ?? '' }
  return { host, who }
}

const call = (name: string) => ({ name, arguments: { text: 'said' } })

describe('a client that may use one server', () => {
  test.each(aggregateWays)('sees and calls it alone: $name', async ({ open }) => {
    const { host, who } = await limited({ servers: ['alpha'] })
    const { request } = await open(host, who, undefined)
    const names = toolNames(await request('tools/list'))
    expect(names).toContain('alpha__echo')
    expect(names.filter((name) => !name.startsWith('alpha__'))).toEqual([])
    const { result } = await request('resources/list')
    expect(JSON.stringify(result)).toContain('mcp://alpha/')
    expect(JSON.stringify(result)).not.toContain('beta')
    expect(toolText(await request('tools/call', call('alpha__echo')))).toBe('said')
    // Listed by somebody who may: the name is known to the gateway.
    const others = await pipe(host, 'somebody', undefined, 'legacy')
    expect(toolNames(await others.request('tools/list'))).toContain('beta__echo')
    expect((await request('tools/call', call('beta__echo'))).error).toEqual({
      code: -32602,
      message: 'Unknown tool: beta__echo',
    })
    const unknown = (await request('resources/read', { uri: 'mcp://gamma/test://one' })).error
    const hidden = (await request('resources/read', { uri: 'mcp://beta/test://one' })).error
    expect(hidden).toEqual({ ...unknown, message: unknown?.message.replace('gamma', 'beta') })
  })

  test.each(singleWays)('finds no other: $name', async ({ open }) => {
    const { host, who } = await limited({ servers: ['alpha'] })
    const own = await open(host, who, 'alpha')
    expect(toolText(await own.request('tools/call', call('echo')))).toBe('said')
    const refused = async (id: string) => {
      try {
        const { request } = await open(host, who, id)
        return JSON.stringify((await request('tools/call', call('echo'))).error)
      } catch (error) {
        return String(error)
      }
    }
    expect(await refused('beta')).toContain("Server 'beta' not found")
    expect(await refused('beta')).toBe((await refused('gamma')).replace('gamma', 'beta'))
  })
})

describe('what a client may not use', () => {
  const about: [string, (server: string) => object][] = [
    ['resources/read', (server) => ({ uri: `mcp://${server}/test://one` })],
    ['resources/subscribe', (server) => ({ uri: `mcp://${server}/test://one` })],
    ['resources/unsubscribe', (server) => ({ uri: `mcp://${server}/test://one` })],
    ['prompts/get', (server) => ({ name: `${server}__hello` })],
    [
      'completion/complete',
      (server) => ({
        ref: { type: 'ref/prompt', name: `${server}__hello` },
        argument: { name: 'a', value: 'b' },
      }),
    ],
    [
      'completion/complete',
      (server) => ({
        ref: { type: 'ref/resource', uri: `mcp://${server}/test://{x}` },
        argument: { name: 'x', value: 'o' },
      }),
    ],
    ['tasks/get', () => ({ taskId: 'of-beta' })],
  ]

  test.each(aggregateWays)(
    'is as if it were not there, whatever is asked: $name',
    async ({ open }) => {
      const { host, who } = await limited({ servers: ['alpha'] })
      const { request } = await open(host, who, undefined)
      for (const [method, params] of about) {
        const asked = async (server: string) => (await request(method, params(server))).error
        const unknown = await asked('gamma')
        expect(unknown, method).toBeDefined()
        const message = unknown?.message.replaceAll('gamma', 'beta')
        expect(await asked('beta'), method).toEqual({ ...unknown, message })
      }
      for (const method of ['prompts/list', 'resources/list', 'resources/templates/list'])
        expect(JSON.stringify((await request(method)).result ?? {})).not.toContain('beta')
    },
  )

  test('is not heard of', async () => {
    const { host, who } = await limited(null)
    const own = await pipe(host, who.id, undefined, 'legacy')
    const other = await pipe(host, 'somebody', undefined, 'legacy')
    for (const { request } of [own, other]) await request('logging/setLevel', { level: 'debug' })
    const say = (server: string) => {
      const params = { level: 'warning', data: server }
      const given = { method: 'notifications/message', params }
      return other.request('tools/call', { name: `${server}__notify`, arguments: given })
    }
    // It has used both while it might.
    for (const name of ['alpha__echo', 'beta__echo']) await own.request('tools/call', call(name))
    await host.call('access.set_limits', { id: who.id, limits: { servers: ['alpha'] } })
    await say('beta')
    await say('alpha')
    const messages = ({ heard }: typeof own): number =>
      heard().filter((method) => method === 'notifications/message').length
    await eventually(() => expect(messages(other)).toBe(2))
    await eventually(() => expect(messages(own)).toBeGreaterThan(0))
    // What comes after all that was said of the other one.
    await own.request('ping')
    expect(messages(own)).toBe(1)
  })
})

describe('a client that may use some tools', () => {
  const tools = { allow: ['alpha__*', 'beta__echo'], deny: ['*__drop_*', 'alpha__crash'] }

  test.each(aggregateWays)('sees and calls these alone: $name', async ({ open }) => {
    const { host, who } = await limited({ tools })
    const { request } = await open(host, who, undefined)
    const names = toolNames(await request('tools/list'))
    expect(names).toEqual(expect.arrayContaining(['alpha__echo', 'alpha__pid', 'beta__echo']))
    expect(names).not.toContain('beta__pid')
    expect(names.filter((name) => /drop|crash/.test(name))).toEqual([])
    expect(toolText(await request('tools/call', call('beta__echo')))).toBe('said')
    for (const name of ['beta__pid', 'alpha__drop_all', 'alpha__crash', 'alpha__nothing'])
      expect((await request('tools/call', call(name))).error).toEqual({
        code: -32602,
        message: `Unknown tool: ${name}`,
      })
  })

  test.each(singleWays)('sees and calls these alone: $name', async ({ open }) => {
    const { host, who } = await limited({ tools })
    const { request } = await open(host, who, 'alpha')
    const names = toolNames(await request('tools/list'))
    expect(names).toContain('pid')
    expect(names.filter((name) => /drop|crash/.test(name))).toEqual([])
    expect((await request('tools/call', call('drop_all'))).error?.message).toBe(
      'Unknown tool: drop_all',
    )
    // Once more with the server running.
    await request('tools/call', call('echo'))
    expect(toolNames(await request('tools/list'))).toEqual(names)
  })
})

test('limits hold together with those of the catalog, and for that client alone', async () => {
  const { host, who } = await limited({ tools: { allow: ['*'], deny: ['*__pid'] } })
  await host.call('server.set_tool', { id: 'alpha', tool: 'sleep', enabled: false })
  const own = await httpSession(host, who.token, 'alpha')
  const names = toolNames(await own.request('tools/list'))
  expect(names).not.toContain('pid')
  expect(names).not.toContain('sleep')
  expect((await own.request('tools/call', call('sleep'))).error?.message).toContain('Unknown tool')
  const other = await pipe(host, 'somebody', 'alpha', 'legacy')
  expect(toolNames(await other.request('tools/list'))).toContain('pid')
})

describe('a change of limits', () => {
  test('applies to what is open, is told as list_changed, and can be taken back', async () => {
    const { host, who } = await limited(null)
    const all = await pipe(host, who.id, undefined, 'legacy')
    const single = await pipe(host, who.id, 'beta', 'legacy')
    expect(toolNames(await all.request('tools/list'))).toContain('beta__echo')
    expect(toolText(await single.request('tools/call', call('echo')))).toBe('said')
    await host.call('access.set_limits', { id: who.id, limits: { servers: ['alpha'] } })
    await eventually(() => expect(all.heard()).toContain('notifications/tools/list_changed'))
    expect(toolNames(await all.request('tools/list'))).not.toContain('beta__echo')
    await eventually(() => expect(single.isOpen()).toBe(false))
    await host.call('access.set_limits', { id: who.id, limits: null })
    await eventually(() =>
      expect(all.heard().filter((method) => method.endsWith('tools/list_changed'))).toHaveLength(2),
    )
    expect(toolNames(await all.request('tools/list'))).toContain('beta__echo')
    expect(toolText(await all.request('tools/call', call('beta__echo')))).toBe('said')
  })

  test('reaches streams of changes', async () => {
    const { host, who } = await limited(null)
    const stream = await pipe(host, who.id, undefined, 'modern')
    const beta = await pipe(host, who.id, 'beta', 'modern')
    const notifications = { toolsListChanged: true }
    void stream.request('subscriptions/listen', { notifications }).catch(() => {})
    const ended = beta.request('subscriptions/listen', { notifications })
    const acknowledged = 'notifications/subscriptions/acknowledged'
    await eventually(() => {
      expect(stream.heard()).toContain(acknowledged)
      expect(beta.heard()).toContain(acknowledged)
    })
    await host.call('access.set_limits', { id: who.id, limits: { servers: ['alpha'] } })
    await eventually(() => expect(stream.heard()).toContain('notifications/tools/list_changed'))
    expect((await ended).result).toMatchObject({ resultType: 'complete' })
  })

  test('is kept, also for a client that is known by its name alone', async () => {
    const { host } = await limited(null)
    const limits = { servers: [], tools: { allow: ['a*'], deny: ['*b'] } }
    await host.call('access.set_limits', { id: 'named', limits })
    const { request } = await pipe(host, 'named', undefined, 'legacy')
    expect(toolNames(await request('tools/list'))).toEqual([])
    const stateDir = host.host.settings.files.dir
    const again = new ClientRegister({ stateDir, log: silentLog, wall: Date.now })
    expect(again.list()).toContainEqual(expect.objectContaining({ id: 'named', limits }))
    expect(again.permissions('named').allowsServer('alpha')).toBe(false)
  })
})

test('what a limited client gets is not to be kept for others', async () => {
  const { host, who } = await limited({ servers: ['alpha'], tools: { allow: ['*'], deny: ['x'] } })
  for (const serverId of [undefined, 'alpha']) {
    const { request } = await pipe(host, who.id, serverId, 'modern')
    expect((await request('tools/list')).result).toMatchObject({ cacheScope: 'private' })
  }
})
