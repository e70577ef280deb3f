import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { converse, environmentPrefix } from './everything-script.ts'
import { describeRuntimes } from './everything-runtimes.ts'
import { freePort, serveEverything } from './everything-service.ts'
import type { EverythingService } from './everything-service.ts'
import { Place, serverProgram } from './gateway-program.ts'
import type { CatalogEntry, RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { Json, Sdk, Target } from './sdk-client.ts'
import { expectNotice, exposed, onlyOf } from './transcript.ts'
import type { Transcript } from './transcript.ts'

/** Entry of the catalog → mode of the everything server → its path. */
const remotes = [
  { id: 'http', type: 'remote-http', mode: 'streamableHttp', route: '/mcp', sdk: 'v1' },
  { id: 'sse', type: 'remote-sse', mode: 'sse', route: '/sse', sdk: 'v2' },
  { id: 'sse-of-http', type: 'remote-sse', mode: 'streamableHttp', route: '/mcp', sdk: 'v1' },
] as const

const sdks: readonly Sdk[] = ['v1', 'v2']
const env = { [`${environmentPrefix}MARK`]: 'a remote one' }

describeRuntimes('server-everything over HTTP', (where) => {
  const services: EverythingService[] = []
  let place: Place
  let gateway: RunningGateway
  const direct = new Map<Sdk, Transcript>()
  // The gateway speaks streamable HTTP to a container, at a port that the engine publishes.
  const ways = where.kind === 'process' ? remotes : remotes.slice(0, 1)

  async function remoteEntries(): Promise<CatalogEntry[]> {
    const serve = async (mode: 'streamableHttp' | 'sse'): Promise<number> => {
      const service = await serveEverything(mode, { ...place.env, ...env })
      services.push(service)
      return service.port
    }
    const ports = { streamableHttp: await serve('streamableHttp'), sse: await serve('sse') }
    return remotes.map(({ id, type, mode, route }): CatalogEntry => {
      const url = `http://127.0.0.1:${ports[mode]}${route}`
      return { id, runtime: { type, url }, isolation: 'shared' }
    })
  }

  beforeAll(async () => {
    place = await Place.make()
    const servers =
      where.kind === 'process'
        ? await remoteEntries()
        : ways.map(({ id }) => where.entry(id, { env, isolation: 'shared' }, 'streamableHttp'))
    gateway = await place.start({ servers, env: where.env })
    const args = [serverProgram.everything, 'stdio']
    const command = { command: process.execPath, args, env: { ...place.env, ...env } }
    for (const sdk of sdks) direct.set(sdk, await converse(await connect(sdk, { command })))
  }, 60_000)

  afterEach(closeClients)

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()))
    await place.end()
  })

  /** A remote server names the session that it has with the gateway; the stdio one has none. */
  function withoutSession(transcript: Transcript): Transcript {
    const text = JSON.stringify(transcript)
    return JSON.parse(text.replaceAll(/session (?:undefined|<uuid>)/g, 'session <id>'))
  }

  describe.each(ways)('$id: the everything server in its mode $mode', ({ id, sdk }) => {
    const single = (): Target => ({ url: gateway.endpoint(id), headers: gateway.authorization })

    test.each(sdks)('answers the %s client as a process of its own would', async (own) => {
      const expected = withoutSession(direct.get(own) ?? {})
      const client = await connect(own, single())
      expect(withoutSession(await converse(client))).toEqual(expected)
      expect(client.asked.map(({ method }) => method)).toEqual([
        'sampling/createMessage',
        'elicitation/create',
        'elicitation/create',
        'elicitation/create',
      ])
      await client.close()
    })

    test('answers a client through the shim, among all servers', async () => {
      const { rename, rewrite } = exposed(id)
      const client = await connect(sdk, { command: place.shim() })
      const through = withoutSession(await converse(client, { single: false, rename }))
      const expected = rewrite(withoutSession(direct.get(sdk) ?? {}))
      for (const [label, answer] of Object.entries(through))
        expect.soft(onlyOf(id, label, answer), label).toEqual(expected[label])
      await client.close()
    })

    test('brings progress, cancellation and what the server says by itself', async () => {
      const client = await connect('v2', single())
      const name = 'trigger-long-running-operation'
      const seen: Json[] = []
      const args = { duration: 0.3, steps: 3 }
      await client.request(
        'tools/call',
        { name, arguments: args },
        { onprogress: (p) => seen.push(p) },
      )
      expect(seen).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3 })))

      const abort = new AbortController()
      const long = client.request(
        'tools/call',
        { name, arguments: { duration: 20, steps: 200 } },
        { signal: abort.signal, onprogress: () => abort.abort(new Error('enough')) },
      )
      await expect(long).rejects.toThrow('enough')

      const uri = 'demo://resource/dynamic/text/1'
      await client.request('resources/subscribe', { uri })
      const toggle = { name: 'toggle-subscriber-updates', arguments: {} }
      await client.request('tools/call', toggle)
      await expectNotice(client, 'notifications/resources/updated', (p) => p['uri'] === uri)
      await client.request('tools/call', toggle)
      await client.request('resources/unsubscribe', { uri })
      await client.close()
    })
  })
})

test('a remote server that is not there fails with its address, and the others go on', async () => {
  const port = await freePort()
  const other = await Place.make()
  onTestFinished(() => other.end())
  const url = `http://127.0.0.1:${port}/mcp`
  const gone = await other.start({
    servers: [{ id: 'gone', runtime: { type: 'remote-http', url } }],
  })
  const { status, body } = await gone.post('/mcp', { server_id: 'gone', method: 'tools/list' })
  expect(status).toBe(502)
  expect(JSON.stringify(body)).toContain(`127.0.0.1:${port}`)
})
