import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { serveEverything } from './everything-service.ts'
import { Place, program, root } from './gateway-program.ts'
import type { RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { ConnectOptions, SdkClient } from './sdk-client.ts'
import { answerOf } from './transcript.ts'

const examples = path.join(root, 'examples')
const catalogs = (await fs.readdir(examples, { recursive: true })).filter(
  (name) => name.endsWith('.yaml') && path.basename(name) !== 'config.yaml',
)

let place: Place
let gateway: RunningGateway

beforeEach(async () => {
  place = await Place.make()
})

afterEach(async () => {
  await closeClients()
  await place.end()
})

async function start(catalog: string, env: Record<string, string> = {}): Promise<void> {
  gateway = await place.start({ catalog: path.join(examples, catalog), env })
}

function client(serverId?: string, options: ConnectOptions = {}): Promise<SdkClient> {
  return connect('v1', { url: gateway.endpoint(serverId), headers: gateway.authorization }, options)
}

async function call(own: SdkClient, name: string, args: object = {}): Promise<string> {
  const params = { name, arguments: args }
  return JSON.stringify(await answerOf(own, { label: name, method: 'tools/call', params }))
}

async function toolNames(own: SdkClient): Promise<string[]> {
  return (await own.list('tools')).map(({ name }) => String(name))
}

describe.each(catalogs)('%s', (name) => {
  test('is valid, without a warning, and says in two lines what it shows', async () => {
    const catalog = path.join(examples, name)
    const args = [program.gateway, 'validate', '--strict', '--catalog', catalog]
    const options = { cwd: place.home, env: place.env }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options)
    expect(stderr).toBe('')
    expect(stdout).toContain(`${catalog} is valid`)
    expect(await fs.readFile(catalog, 'utf8')).toMatch(/^# .+\n# .+\n/)
  })
})

test('local-servers.yaml: all three answer', async () => {
  const env = { MEMORY_FILE: place.file('memory.jsonl'), FILES: place.home }
  await start('local-servers.yaml', env)
  const own = await client()
  expect(await call(own, 'everything__echo', { message: 'hello' })).toContain('Echo: hello')
  const entities = [{ name: 'Ada', entityType: 'person', observations: [] }]
  expect(await call(own, 'memory__create_entities', { entities })).toContain('Ada')
  expect(await call(own, 'files__list_allowed_directories')).toContain(place.home)
  expect(await fs.readFile(place.file('memory.jsonl'), 'utf8')).toContain('Ada')
})

test('quickstart/catalog.yaml: both answer', async () => {
  await start('quickstart/catalog.yaml', { QUICKSTART_MEMORY: place.file('memory.jsonl') })
  const own = await client()
  expect(await call(own, 'everything__echo', { message: 'hello' })).toContain('Echo: hello')
  expect(await call(own, 'memory__read_graph')).toContain('entities')
})

describe('limits-and-isolation.yaml', () => {
  beforeEach(() =>
    start('limits-and-isolation.yaml', { FILES: place.home, EDITOR: 'ed', PAGER: 'more' }),
  )

  test('a filter holds on every route', async () => {
    const [all, single] = await Promise.all([client(), client('calculator')])
    const ours = (await toolNames(all)).filter((name) => name.startsWith('calculator__'))
    expect(ours.sort()).toEqual(['calculator__echo', 'calculator__get-sum'])
    expect((await toolNames(single)).sort()).toEqual(['echo', 'get-sum'])
    expect(await call(single, 'get-sum', { a: 1, b: 2 })).toContain('is 3')
    expect(await call(all, 'calculator__get-env')).toContain('error')
    expect(await call(single, 'get-env')).toContain('error')
    const params = { name: 'get-env', arguments: {} }
    const { body } = await gateway.post('/mcp', {
      server_id: 'calculator',
      method: 'tools/call',
      params,
    })
    expect(body).toMatchObject({ error: {} })
  })

  test('a server sees what it was given and no more', async () => {
    const own = await client()
    const { content } = await own.request('tools/call', { name: 'surroundings__get-env' })
    const text: unknown = Array.isArray(content) ? content[0]?.text : undefined
    const seen: Record<string, string> = JSON.parse(String(text))
    expect(seen).toMatchObject({ GREETING: 'hello', LITERAL: 'costs ${5}', EDITOR: 'ed' })
    expect(seen).not.toHaveProperty('PAGER')
  })

  test('each client’s own folders', async () => {
    const folder = place.file('project')
    await fs.mkdir(folder)
    const rooted = await client('project-files', {
      capabilities: { roots: {} },
      answers: { roots: () => [{ uri: pathToFileURL(folder).href, name: 'project' }] },
    })
    const rootless = await client('project-files', { capabilities: {} })
    await vi.waitFor(
      async () => expect(await call(rooted, 'list_allowed_directories')).toContain(folder),
      { timeout: 5_000, interval: 50 },
    )
    expect(await call(rootless, 'list_allowed_directories')).toContain(place.home)
    expect(await toolNames(rooted)).not.toContain('write_file')
  })
})

test('remote-servers.yaml: both transports', async () => {
  const services = await Promise.all([
    serveEverything('streamableHttp', place.env),
    serveEverything('sse', place.env),
  ])
  try {
    const [now, before] = services
    await start('remote-servers.yaml', {
      REMOTE_URL: `http://127.0.0.1:${now.port}/mcp`,
      OLD_REMOTE_URL: `http://127.0.0.1:${before.port}/sse`,
    })
    const own = await client()
    expect(await call(own, 'remote__echo', { message: 'hello' })).toContain('Echo: hello')
    expect(await call(own, 'old-remote__echo', { message: 'hello' })).toContain('Echo: hello')
  } finally {
    await Promise.all(services.map((service) => service.stop()))
  }
})

test('all-fields.yaml: the complete entry runs, the disabled ones say so', async () => {
  await start('all-fields.yaml', { SOME_TOKEN: 'a-token', EDITOR: 'ed' })
  const seen = await call(await client(), 'complete__get-env')
  for (const text of ['a value with spaces', 'a-token', 'EDITOR']) expect(seen).toContain(text)
  const refused = await gateway.post('/mcp', { server_id: 'remote-http', method: 'tools/list' })
  expect(JSON.stringify(refused.body)).toContain('disabled')
})
