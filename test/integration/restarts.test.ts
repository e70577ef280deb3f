import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { describeRuntimes } from './everything-runtimes.ts'
import { nodeServer, Place, root, serverProgram } from './gateway-program.ts'
import type { CatalogEntry } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { SdkClient } from './sdk-client.ts'
import { answerOf } from './transcript.ts'

let place: Place

beforeAll(async () => {
  place = await Place.make()
})

afterEach(closeClients)
afterAll(() => place.end())

const command = `"${process.execPath}" "${serverProgram.everything}" stdio`

/** As people write it into their catalogs: the real server is a child or a grandchild of what is started. */
const wrapped: CatalogEntry[] = [
  nodeServer('plain', [serverProgram.everything, 'stdio']),
  {
    id: 'shell',
    runtime: { type: 'local-process', command: 'sh', args: ['-c', `${command}; echo over >&2`] },
  },
  {
    id: 'shells',
    runtime: {
      type: 'local-process',
      command: 'sh',
      args: ['-c', `sleep 600 & sh -c '${command}; true'; true`],
    },
  },
  {
    id: 'npx',
    runtime: {
      type: 'local-process',
      command: 'npx',
      args: ['--no-install', 'mcp-server-everything', 'stdio'],
      working_dir: root,
    },
    env: { PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` },
  },
]

/** Keeps the server busy with a timer, so that the end of its input does not end it. */
const lastingCall = { name: 'toggle-simulated-logging', arguments: {} }

describeRuntimes('a gateway that ends', (where) => {
  // In an engine that may be shared, the name has to be one of its own.
  const servers =
    where.kind === 'process' ? wrapped : [where.entry(`restarts-${randomUUID().slice(0, 8)}`)]
  const atLeast = where.kind === 'process' ? 9 : 1
  const start = () => place.start({ servers, env: where.env })
  const running = async (): Promise<(number | string)[]> => {
    const ids = await Promise.all(servers.map(({ id }) => where.running(place, id)))
    return [...new Set(ids.flat())]
  }

  test('killed, leaves servers that are gone soon after the next one starts', async () => {
    const first = await start()
    await Promise.all(
      servers.map(async ({ id: server_id }) => {
        const { status } = await first.post('/mcp', {
          server_id,
          method: 'tools/call',
          params: lastingCall,
        })
        expect(status, server_id).toBe(200)
      }),
    )
    const left = await running()
    expect(left.length).toBeGreaterThanOrEqual(atLeast)
    await first.stop('SIGKILL')
    expect((await running()).length).toBeGreaterThanOrEqual(atLeast)

    const second = await start()
    await vi.waitFor(async () => expect(await running()).toEqual([]), {
      timeout: 5_000,
      interval: 50,
    })
    expect(place.processes()).toEqual([second.pid])
    expect(await second.stop('SIGTERM')).toBe(0)
    expect(place.processes()).toEqual([])
  })

  test('by SIGTERM, lets long calls finish, then everything is gone within five seconds', async () => {
    const gateway = await start()
    const asking = servers.map(async ({ id }) => {
      const headers = gateway.authorization
      const client = await connect('v1', { url: gateway.endpoint(id), headers })
      let hasBegun = (): void => {}
      const begun = new Promise<void>((resolve) => (hasBegun = resolve))
      const params = {
        name: 'trigger-long-running-operation',
        arguments: { duration: 2, steps: 8 },
      }
      const answer = client.request('tools/call', params, { onprogress: hasBegun })
      answer.catch(() => {})
      await begun
      return { answer }
    })
    const calls = await Promise.all(asking)
    expect((await running()).length).toBeGreaterThanOrEqual(atLeast)

    const stopped = gateway.stop('SIGTERM')
    const answers = await Promise.all(calls.map(({ answer }) => answer))
    const answeredAt = performance.now()
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('operation completed')
    expect(await stopped).toBe(0)
    expect(performance.now() - answeredAt).toBeLessThan(5_000)
    expect(await running()).toEqual([])
    expect(place.processes()).toEqual([])
  })
})

describeRuntimes('a client with the shim', (where) => {
  const echo = async (client: SdkClient, message: string): Promise<unknown> =>
    answerOf(client, {
      label: 'echo',
      method: 'tools/call',
      params: { name: 'everything__echo', arguments: { message } },
    })
  const echoed = (message: string) => ({
    result: { content: [{ type: 'text', text: `Echo: ${message}` }] },
  })

  test('keeps its session when its gateway is ended, killed and started again', async () => {
    const own = await Place.make()
    onTestFinished(async () => {
      await closeClients()
      await own.end()
    })
    const servers = [where.entry('everything')]
    await own.install(servers)
    const start = () => own.start({ servers, env: where.env })
    const first = await start()
    // A gateway that a shim starts has the shim's environment.
    const shim = own.shim()
    const command = { ...shim, env: { ...shim.env, ...where.env } }
    const clients = await Promise.all([connect('v1', { command }), connect('v2', { command })])
    const [one] = clients
    for (const client of clients) expect(await echo(client, '1')).toEqual(echoed('1'))
    const uri = 'mcp://everything/demo://resource/dynamic/text/1'
    await one.request('resources/subscribe', { uri })

    await first.stop('SIGTERM')
    const second = await start()
    for (const client of clients) expect(await echo(client, '2')).toEqual(echoed('2'))
    one.notices.length = 0
    await one.request('tools/call', { name: 'everything__toggle-subscriber-updates' })
    await vi.waitFor(
      () =>
        expect(one.notices).toContainEqual(
          expect.objectContaining({ method: 'notifications/resources/updated', params: { uri } }),
        ),
      { timeout: 7_000, interval: 50 },
    )

    await second.stop('SIGKILL')
    // Nobody starts another: the shims do. A list is asked for again; a call that may have gone to the dead one is not.
    const lists = await Promise.all(clients.map((client) => client.list('tools')))
    for (const list of lists) expect(list.length).toBeGreaterThan(10)
    const answers = await Promise.all(clients.map((client) => echo(client, '3')))
    expect(answers).toEqual(clients.map(() => echoed('3')))
    expect(await own.processesOf('gateway-http')).toEqual([await own.gatewayPid()])
  }, 40_000)
})
