import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { nodeServer, Place, serverProgram } from './gateway-program.ts'
import type { CatalogEntry, Command, RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { Json, Root, Sdk, SdkClient, Target } from './sdk-client.ts'
import { answerOf, expectNotice, exposed, onlyOf, withoutTime } from './transcript.ts'
import type { Step, Transcript } from './transcript.ts'

const sdks: readonly Sdk[] = ['v1', 'v2']
let place: Place
let gateway: RunningGateway
let folder: string
let catalog: CatalogEntry[]
const serverArgs: Record<string, { args: string[]; env: Record<string, string> }> = {}

beforeAll(async () => {
  place = await Place.make()
  folder = place.file('folder')
  await fs.mkdir(folder)
  const memoryEnv = (name: string) => ({ MEMORY_FILE_PATH: place.file(name) })
  serverArgs['memory'] = { args: [serverProgram.memory], env: memoryEnv('direct.jsonl') }
  serverArgs['filesystem'] = { args: [serverProgram.filesystem, folder], env: {} }
  catalog = [
    nodeServer('memory', [serverProgram.memory], { env: memoryEnv('gateway.jsonl') }),
    nodeServer('idle-memory', [serverProgram.memory], {
      env: memoryEnv('idle.jsonl'),
      idle_timeout_seconds: 1,
    }),
    nodeServer('filesystem', [serverProgram.filesystem, folder], { isolation: 'shared' }),
    nodeServer('rooted', [serverProgram.filesystem, folder], { isolation: 'session' }),
  ]
  gateway = await place.start({ servers: catalog })
})

afterEach(closeClients)
afterAll(() => place.end())

const tool = (name: string, args: Json, note = ''): Step => ({
  label: `${name} ${note}`.trim(),
  method: 'tools/call',
  params: { name, arguments: args },
})
const list = (method: string): Step => ({ label: method, method, params: {} })

/** Each leaves everything as it was, so that it can be repeated. In order. */
const scripts: Record<string, () => Step[]> = {
  memory: () => {
    const ada = { name: 'Ada', entityType: 'person', observations: ['wrote "notes" 😀'] }
    const relation = { from: 'Ada', to: 'Charles', relationType: 'knows' }
    return [
      list('tools/list'),
      list('resources/list'),
      tool('create_entities', { entities: [ada, { ...ada, name: 'Charles' }] }),
      tool('create_relations', { relations: [relation] }),
      tool('add_observations', { observations: [{ entityName: 'Ada', contents: ['first'] }] }),
      tool('add_observations', { observations: [{ entityName: 'Nobody', contents: [] }] }, 'fails'),
      tool('delete_observations', { deletions: [{ entityName: 'Ada', observations: ['first'] }] }),
      tool('search_nodes', { query: 'ada' }),
      tool('open_nodes', { names: ['Charles'] }),
      tool('open_nodes', { names: 7 }, 'with a wrong argument'),
      tool('read_graph', {}),
      { label: 'read', method: 'resources/read', params: { uri: 'memory://knowledge-graph' } },
      tool('delete_relations', { relations: [relation] }),
      tool('delete_entities', { entityNames: ['Ada', 'Charles'] }),
      tool('read_graph', {}, 'at the end'),
    ]
  },
  filesystem: () => {
    const file = path.join(folder, 'a.txt')
    const moved = path.join(folder, 'b.txt')
    const sub = path.join(folder, 'sub')
    const edits = [{ oldText: 'two', newText: '2' }]
    return [
      list('tools/list'),
      tool('list_allowed_directories', {}),
      tool('write_file', { path: file, content: 'one\ntwo\ngrüße 😀\n' }),
      tool('read_file', { path: file }),
      tool('read_text_file', { path: file, head: 2 }),
      tool('read_media_file', { path: file }),
      tool('read_multiple_files', { paths: [file, path.join(folder, 'none')] }),
      tool('edit_file', { path: file, edits, dryRun: true }),
      tool('create_directory', { path: sub }),
      tool('list_directory', { path: folder }),
      tool('list_directory_with_sizes', { path: folder }),
      tool('directory_tree', { path: folder }),
      tool('move_file', { source: file, destination: moved }),
      tool('move_file', { source: moved, destination: file }, 'back'),
      tool('search_files', { path: folder, pattern: '*.txt' }),
      tool('get_file_info', { path: sub }),
      tool('read_text_file', { path: '/etc/hostname' }, 'of a folder that is not allowed'),
    ]
  },
}

async function converse(
  client: SdkClient,
  script: readonly Step[],
  rename = (step: Step): Step => step,
): Promise<Transcript> {
  const transcript: Transcript = {}
  for (const step of script) {
    const text = JSON.stringify(await answerOf(client, rename(step)))
    // The dates of a file in the server's own format.
    const dates = /(?:accessed|created|modified): [^\\]+/g
    transcript[step.label] = JSON.parse(withoutTime(text).replaceAll(dates, '<date>'))
  }
  return transcript
}

const carriers: readonly [string, (serverId?: string) => Target][] = [
  ['http', (id) => ({ url: gateway.endpoint(id), headers: gateway.authorization })],
  ['shim', (id) => ({ command: place.shim(...(id === undefined ? [] : ['--server', id])) })],
]

describe.each(['memory', 'filesystem'])('the %s server', (id) => {
  test.each(sdks)('answers the %s client on every way as it does directly', async (sdk) => {
    const script = scripts[id]?.() ?? []
    const own = serverArgs[id] ?? { args: [], env: {} }
    const command: Command = {
      command: process.execPath,
      args: own.args,
      env: { ...place.env, ...own.env },
    }
    const { rename, rewrite } = exposed(id)
    const direct = await connect(sdk, { command })
    const expected = await converse(direct, script)
    const tools = await direct.list('tools')
    for (const { name } of tools) expect(Object.keys(expected).join()).toContain(String(name))
    for (const [carrier, target] of carriers) {
      const single = await connect(sdk, target(id))
      expect(await converse(single, script), carrier).toEqual(expected)
      const aggregate = await connect(sdk, target())
      const seen = await converse(aggregate, script, rename)
      for (const [label, answer] of Object.entries(rewrite(expected)))
        expect(onlyOf(id, label, seen[label]), `${carrier}, aggregate: ${label}`).toEqual(answer)
    }
  })
})

function textOf(answer: unknown): string {
  return /"text":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(answer))?.[1] ?? JSON.stringify(answer)
}

async function callTool(client: SdkClient, name: string, args: Json = {}): Promise<string> {
  return textOf(await client.request('tools/call', { name, arguments: args }))
}

describe('roots', () => {
  const rooted = async (
    sdk: Sdk,
    target: Target,
    roots: Root[],
  ): Promise<{ client: SdkClient; roots: Root[] }> => {
    const client = await connect(sdk, target, {
      capabilities: { roots: { listChanged: true } },
      answers: { roots: () => roots },
    })
    return { client, roots }
  }
  const allowed = (client: SdkClient, name: string) => callTool(client, name)

  test.each(carriers)(
    'over %s, each session has the folders of its own client',
    async (_, target) => {
      const dirs = ['project-1', 'project-2', 'project-3'].map((name) => place.file(name))
      await Promise.all(dirs.map((dir) => fs.mkdir(dir, { recursive: true })))
      const [first = '', second = '', third = ''] = dirs
      const root = (dir: string): Root => ({
        uri: pathToFileURL(dir).href,
        name: path.basename(dir),
      })
      const one = await rooted('v1', target('rooted'), [root(first)])
      const two = await rooted('v2', target(), [root(second)])
      await vi.waitFor(
        async () => {
          expect(await allowed(one.client, 'list_allowed_directories')).toContain(first)
          expect(await allowed(two.client, 'rooted__list_allowed_directories')).toContain(second)
        },
        { timeout: 5_000, interval: 50 },
      )
      one.roots.splice(0, 1, root(third))
      await one.client.notify('notifications/roots/list_changed')
      await vi.waitFor(
        async () => expect(await allowed(one.client, 'list_allowed_directories')).toContain(third),
        { timeout: 5_000, interval: 50 },
      )
      expect(await allowed(one.client, 'list_allowed_directories')).not.toContain(first)
      expect(await allowed(two.client, 'rooted__list_allowed_directories')).toContain(second)
      const write = { path: path.join(second, 'x'), content: 'x' }
      expect(await callTool(one.client, 'write_file', write)).toContain('Access denied')
      expect(await callTool(two.client, 'rooted__write_file', write)).toContain('Successfully')
    },
  )

  test('a client that is slow to open its stream is asked for its roots when it has', async () => {
    // Nothing is known of the server yet: it is started by the greeting.
    const fresh = nodeServer('fresh', [serverProgram.filesystem, folder], { isolation: 'session' })
    const servers = [...catalog, fresh]
    await place.writeCatalog(servers)
    expect(await gateway.post('/admin/reload')).toMatchObject({
      body: { servers_added: ['fresh'] },
    })
    const url = gateway.endpoint('fresh')
    const headers: Record<string, string> = {
      ...gateway.authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const send = (message: object): Promise<Response> =>
      fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) })
    const clientInfo = { name: 'slow', version: '1' }
    const params = { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo }
    const greeted = await send({ id: 1, method: 'initialize', params })
    // One message: nothing may be asked before the client says that it is ready.
    expect(await greeted.json()).toMatchObject({ id: 1, result: {} })
    headers['mcp-session-id'] = greeted.headers.get('mcp-session-id') ?? ''
    await delay(300) // of the client, in which the server has asked
    await send({ method: 'notifications/initialized' })
    await delay(100)
    const stream = await fetch(url, { headers })
    const reader = stream.body?.getReader()
    const first = new TextDecoder().decode((await reader?.read())?.value)
    expect(first).toContain('"roots/list"')
    await reader?.cancel()
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(204)
  })

  test.each(sdks)(
    'a shared server keeps its own folders whatever the %s client says',
    async (sdk) => {
      const target: Target = { url: gateway.endpoint('filesystem'), headers: gateway.authorization }
      const { client } = await rooted(sdk, target, [{ uri: 'file:///', name: 'everything' }])
      expect(await allowed(client, 'list_allowed_directories')).toContain(folder)
      await client.notify('notifications/roots/list_changed')
      expect(await allowed(client, 'list_allowed_directories')).toBe(
        `Allowed directories:\\n${folder}`,
      )
      expect(client.asked).toEqual([])
    },
  )
})

describe('the memory server', () => {
  const entity = (name: string): Json => ({
    entities: [{ name, entityType: 'thing', observations: ['is there'] }],
  })

  test('is one process for all clients, who see each other’s data and are told of it', async () => {
    const clients = await Promise.all(
      carriers.flatMap(([, target]) => sdks.map((sdk) => connect(sdk, target('memory')))),
    )
    const [reader, ...writers] = clients
    if (reader === undefined) throw new Error('No client.')
    await reader.request('resources/subscribe', { uri: 'memory://knowledge-graph' })
    // One after another: the server reads, changes and writes its file without a lock.
    for (const [i, client] of writers.entries())
      await callTool(client, 'create_entities', entity(`thing-${i}`))
    await expectNotice(reader, 'notifications/resources/updated')
    const graph = await callTool(reader, 'read_graph')
    for (const i of writers.keys()) expect(graph).toContain(`thing-${i}`)
    for (const writer of writers)
      expect(writer.notices.map(({ method }) => method)).not.toContain(
        'notifications/resources/updated',
      )
    await reader.request('resources/unsubscribe', { uri: 'memory://knowledge-graph' })
    const memories = await place.processesOf(serverProgram.memory)
    const own = await Promise.all(
      memories.map((pid) => fs.readFile(`/proc/${pid}/environ`, 'latin1')),
    )
    expect(own.filter((text) => text.includes('gateway.jsonl'))).toHaveLength(1)
  })

  test('is stopped when idle and remembers when it is called again', async () => {
    const target: Target = { url: gateway.endpoint('idle-memory'), headers: gateway.authorization }
    const client = await connect('v1', target)
    await callTool(client, 'create_entities', entity('kept'))
    expect(await gateway.status('idle-memory')).toBe('running')
    await vi.waitFor(async () => expect(await gateway.status('idle-memory')).toBe('stopped'), {
      timeout: 8_000,
      interval: 50,
    })
    expect(await client.list('tools')).toHaveLength(9)
    expect(await gateway.status('idle-memory')).toBe('stopped')
    expect(await callTool(client, 'read_graph')).toContain('kept')
    expect(await gateway.status('idle-memory')).toBe('running')
  })
})
