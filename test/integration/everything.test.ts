import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  comparable,
  converse,
  environmentPrefix,
  lastingSteps,
  plainSteps,
  registeringSteps,
  runTask,
  staticDocuments,
} from './everything-script.ts'
import { describeRuntimes } from './everything-runtimes.ts'
import { nodeServer, Place, serverProgram } from './gateway-program.ts'
import type { RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { Sdk, SdkClient, Target } from './sdk-client.ts'
import { exposed, onlyOf } from './transcript.ts'
import type { Transcript } from './transcript.ts'

const sdks: readonly Sdk[] = ['v1', 'v2']
const env = { [`${environmentPrefix}MARK`]: 'a value with "quotes" and ünïcode' }
describeRuntimes('server-everything', (where) => {
  let place: Place
  let gateway: RunningGateway
  /** What each SDK gets when it starts the server itself. */
  const direct = new Map<Sdk, Conversation>()

  interface Conversation {
    client: SdkClient
    transcript: Transcript
    /** What the server asked during the transcript. */
    asked: unknown
  }

  beforeAll(async () => {
    place = await Place.make()
    gateway = await place.start({
      servers: [
        where.entry('everything', { env }),
        where.entry('own', { env, isolation: 'session' }),
        nodeServer('memory', [serverProgram.memory], {
          env: { MEMORY_FILE_PATH: place.file('memory.jsonl') },
        }),
        nodeServer('filesystem', [serverProgram.filesystem, place.home]),
      ],
      env: where.env,
    })
    await Promise.all(
      sdks.map(async (sdk) => {
        const client = await connect(sdk, directTarget())
        direct.set(sdk, { client, transcript: await converse(client), asked: questions(client) })
      }),
    )
  }, 60_000)

  function directTarget(): Target {
    const args = [serverProgram.everything, 'stdio']
    return { command: { command: process.execPath, args, env: { ...place.env, ...env } } }
  }

  afterAll(async () => {
    await closeClients()
    await place.end()
  })

  function directly(sdk: Sdk): Conversation {
    const found = direct.get(sdk)
    if (found === undefined) throw new Error(`No ${sdk} client is connected.`)
    return found
  }

  function questions(client: SdkClient): unknown {
    return comparable('asked', client.asked)
  }

  function listed(transcript: Transcript, label: string, key: 'name' | 'uri'): string[] {
    return [...JSON.stringify(transcript[label]).matchAll(/[{,]"(name|uri)":"([^"]+)"/g)]
      .filter(([, which]) => which === key)
      .map(([, , value]) => value ?? '')
  }

  test('the script asks for every tool, resource and prompt that the server has', () => {
    const { transcript } = directly('v1')
    const labels = Object.keys(transcript)
    const tools = listed(transcript, 'tools/list', 'name')
    expect(tools).toHaveLength(16)
    for (const name of tools)
      expect(
        labels.some((label) => label.startsWith(`tool ${name}`)),
        name,
      ).toBe(true)
    for (const uri of listed(transcript, 'resources/list', 'uri'))
      expect(labels).toContain(`resource ${uri}`)
    expect(staticDocuments(transcript['resources/list'])).toHaveLength(7)
    for (const name of ['simple', 'args', 'completable', 'resource'])
      expect(labels.some((label) => label.startsWith(`prompt ${name}-prompt`))).toBe(true)
    expect(labels.length).toBeGreaterThanOrEqual(
      registeringSteps.length + plainSteps.length + lastingSteps.length,
    )
  })

  const carriers: [
    ['http', (serverId?: string) => Target],
    ['shim', (serverId?: string) => Target],
  ] = [
    ['http', (id) => ({ url: gateway.endpoint(id), headers: gateway.authorization })],
    ['shim', (id) => ({ command: place.shim(...(id === undefined ? [] : ['--server', id])) })],
  ]

  describe.each(carriers)('over %s', (_carrier, target) => {
    test.each(sdks)('a single server answers the %s client as it does directly', async (sdk) => {
      const { client: own, transcript, asked } = directly(sdk)
      const client = await connect(sdk, target('everything'))
      expect(await converse(client)).toEqual(transcript)
      expect(questions(client)).toEqual(asked)
      expect(client.serverName).toBe(own.serverName)
      expect(client.serverCapabilities).toEqual(own.serverCapabilities)
      expect(client.instructions).toBe(own.instructions)
      await client.close()
    })

    test.each(sdks)('all as one answer the %s client alike, but for the names', async (sdk) => {
      const { transcript, asked } = directly(sdk)
      const { rename, rewrite } = exposed('everything')
      const client = await connect(sdk, target())
      const through = await converse(client, { single: false, rename })
      const expected = rewrite(transcript)
      for (const label of Object.keys(through))
        expect.soft(onlyOf('everything', label, through[label]), label).toEqual(expected[label])
      expect(questions(client)).toEqual(asked)
      expect(client.serverName).toBe('open-mcp-gateway')
      expect(client.instructions).toContain(directly(sdk).client.instructions)
      await client.close()
    })
  })

  test('a task runs to its end, with its question, in a session of its own', async () => {
    const targets = [directTarget(), ...carriers.map(([, target]) => target('own'))]
    const runs = await Promise.all(
      targets.flatMap((target) =>
        sdks.map(async (sdk) => {
          const client = await connect(sdk, target)
          const outcome = await runTask(client)
          return { outcome, asked: questions(client) }
        }),
      ),
    )
    expect(runs[0]).toMatchObject({
      outcome: { after: { status: 'completed' } },
      asked: [{ method: 'elicitation/create' }],
    })
    for (const run of runs) expect(run).toEqual(runs[0])
  })

  test.each(sdks)('the %s SDK’s own checks of lists and outputs are content', async (sdk) => {
    const client = await connect(sdk, carriers[0][1]())
    const own = directly(sdk).client
    for (const what of ['tools', 'prompts', 'resources', 'resourceTemplates'] as const) {
      // What a session has registered is gone with its instance.
      const lasting = (items: object[], pattern: RegExp): number =>
        items.filter(
          (item) => pattern.test(JSON.stringify(item)) && !/\/session\//.test(JSON.stringify(item)),
        ).length
      expect(lasting(await client.list(what), /"(?:everything__|mcp:\/\/everything\/)/), what).toBe(
        lasting(await own.list(what), /./),
      )
    }
    const args = { location: 'Chicago' }
    expect(await client.callTool('everything__get-structured-content', args)).toEqual(
      await own.callTool('get-structured-content', args),
    )
    await client.close()
  })
})
