import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEngines } from '../containers/engines.ts'
import { testImage } from '../containers/test-image.ts'
import { comparable, converse, environmentPrefix, runTask } from './everything-script.ts'
import { Place, serverProgram } from './gateway-program.ts'
import type { RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { Sdk, SdkClient, Target } from './sdk-client.ts'
import { exposed, onlyOf } from './transcript.ts'
import type { Transcript } from './transcript.ts'

const sdks: readonly Sdk[] = ['v1', 'v2']
const env = { [`${environmentPrefix}MARK`]: 'a value with "quotes" and ünïcode' }

describeEngines('server-everything in a container', (engine) => {
  let place: Place
  let gateway: RunningGateway
  const direct = new Map<Sdk, { client: SdkClient; transcript: Transcript; asked: unknown }>()

  const directTarget = (): Target => ({
    command: {
      command: process.execPath,
      args: [serverProgram.everything, 'stdio'],
      env: { ...place.env, ...env },
    },
  })
  const questions = (client: SdkClient): unknown => comparable('asked', client.asked)
  const directly = (sdk: Sdk) => {
    const found = direct.get(sdk)
    if (found === undefined) throw new Error(`No ${sdk} client is connected.`)
    return found
  }

  beforeAll(async () => {
    place = await Place.make()
    const runtime = { type: 'docker', engine: engine.name, image: testImage }
    gateway = await place.start({
      servers: [
        { id: 'everything', runtime, env },
        { id: 'own', runtime, env, isolation: 'session' },
      ],
      env: engine.env,
    })
    for (const sdk of sdks) {
      const client = await connect(sdk, directTarget())
      direct.set(sdk, { client, transcript: await converse(client), asked: questions(client) })
    }
  })

  afterAll(async () => {
    await closeClients()
    await place.end()
  })

  const http = (id?: string): Target => ({
    url: gateway.endpoint(id),
    headers: gateway.authorization,
  })
  const shim = (id?: string): Target => ({
    command: place.shim(...(id === undefined ? [] : ['--server', id])),
  })

  test.each(sdks)('answers the %s client as it does directly', async (sdk) => {
    const { client: own, transcript, asked } = directly(sdk)
    for (const target of [http, shim]) {
      const client = await connect(sdk, target('everything'))
      expect(await converse(client)).toEqual(transcript)
      expect(questions(client)).toEqual(asked)
      expect(client.serverCapabilities).toEqual(own.serverCapabilities)
      expect(client.instructions).toBe(own.instructions)
      await client.close()
    }
  })

  test.each(sdks)('answers the %s client of all servers alike, but for the names', async (sdk) => {
    const { transcript, asked } = directly(sdk)
    const { rename, rewrite } = exposed('everything')
    const client = await connect(sdk, http())
    const through = await converse(client, { single: false, rename })
    const expected = rewrite(transcript)
    for (const label of Object.keys(through))
      expect.soft(onlyOf('everything', label, through[label]), label).toEqual(expected[label])
    expect(questions(client)).toEqual(asked)
    await client.close()
  })

  test('runs a task to its end, with its question, in a session of its own', async () => {
    const runs = await Promise.all(
      [directTarget(), http('own'), shim('own')].map(async (target) => {
        const client = await connect('v2', target)
        return { outcome: await runTask(client), asked: questions(client) }
      }),
    )
    expect(runs[0]).toMatchObject({ outcome: { after: { status: 'completed' } } })
    for (const run of runs) expect(run).toEqual(runs[0])
  })
})
