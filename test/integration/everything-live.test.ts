import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describeRuntimes } from './everything-runtimes.ts'
import { Place } from './gateway-program.ts'
import type { RunningGateway } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { ConnectOptions, Json, RequestExtras, Sdk, SdkClient, Target } from './sdk-client.ts'
import { expectNotice } from './transcript.ts'
import { eventually } from '../support/eventually.ts'

describeRuntimes('server-everything, live', (where) => {
  let place: Place
  let gateway: RunningGateway

  beforeAll(async () => {
    place = await Place.make()
    gateway = await place.start({
      servers: [
        where.entry('shared', { isolation: 'shared' }),
        where.entry('own', { isolation: 'session' }),
      ],
      env: where.env,
    })
  })

  afterEach(closeClients)
  afterAll(() => place.end())

  const echoUri = 'demo://resource/dynamic/text/1'

  const carriers = {
    http: (id?: string): Target => ({ url: gateway.endpoint(id), headers: gateway.authorization }),
    shim: (id?: string): Target => ({
      command: place.shim(...(id === undefined ? [] : ['--server', id])),
    }),
  }

  /** A client and how it says the names of one server. */
  interface Seat {
    client: SdkClient
    tool: (name: string, args?: Json) => Promise<Json>
    text: (name: string, args?: Json) => Promise<string>
    /** The server's long-running operation; durations in seconds. */
    slow: (args: { duration: number; steps: number }, extras: RequestExtras) => Promise<Json>
    uri: (own: string) => string
  }

  function text(result: Json): string {
    const content: unknown = Array.isArray(result['content']) ? result['content'][0] : undefined
    return typeof content === 'object' && content !== null && 'text' in content
      ? String(content.text)
      : JSON.stringify(result)
  }

  async function sit(
    kind: { sdk: Sdk; carrier: keyof typeof carriers; view: 'single' | 'aggregate' },
    serverId: string,
    options: ConnectOptions = {},
  ): Promise<Seat> {
    const isSingle = kind.view === 'single'
    const client = await connect(
      kind.sdk,
      carriers[kind.carrier](isSingle ? serverId : undefined),
      options,
    )
    const tool = (name: string, args: Json = {}, extras?: RequestExtras): Promise<Json> =>
      client.request(
        'tools/call',
        { name: isSingle ? name : `${serverId}__${name}`, arguments: args },
        extras,
      )
    return {
      client,
      tool,
      text: async (name, args) => text(await tool(name, args)),
      slow: (args, extras) => tool('trigger-long-running-operation', args, extras),
      uri: (own) => (isSingle ? own : `mcp://${serverId}/${own}`),
    }
  }

  const kinds = (['v1', 'v2'] as const).flatMap((sdk) =>
    (['http', 'shim'] as const).flatMap((carrier) =>
      (['single', 'aggregate'] as const).map((view) => ({ sdk, carrier, view })),
    ),
  )

  /**
   * The SDKs drop progress that arrives in one chunk with the answer, from a server of their own as well (stdio): of the
   * last steps some may be missing.
   */
  function expectProgress(seen: readonly Json[], steps: number): void {
    expect(seen.length).toBeGreaterThan(0)
    expect(seen).toEqual(seen.map((_, at) => ({ progress: at + 1, total: steps })))
  }

  /** One client of each kind; a failure says of which. */
  async function atOnce(
    fn: (kind: (typeof kinds)[number], i: number) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      kinds.map(async (kind, i) => {
        try {
          await fn(kind, i)
        } catch (error) {
          throw new Error(`${Object.values(kind).join(', ')}: ${String(error)}`, { cause: error })
        }
      }),
    )
  }

  test('every kind of client at once gets its own progress and nobody else’s', async () => {
    await atOnce(async (kind, i) => {
      const seat = await sit(kind, 'shared')
      const steps = 2 + i
      const seen: Json[] = []
      await seat.slow({ duration: 0.4, steps }, { onprogress: (progress) => seen.push(progress) })
      expectProgress(seen, steps)
    })
  })

  test.each(kinds)(
    '$sdk, $carrier, $view: a cancelled call leaves the client well',
    async (kind) => {
      const { slow, text: call } = await sit(kind, 'shared')
      const abort = new AbortController()
      const startedAt = performance.now()
      const cancelled = slow(
        { duration: 20, steps: 200 },
        { signal: abort.signal, onprogress: () => abort.abort(new Error('enough')) },
      )
      await expect(cancelled).rejects.toThrow('enough')
      expect(performance.now() - startedAt).toBeLessThan(3_000)
      expect(await call('echo', { message: 'still here' })).toBe('Echo: still here')
    },
  )

  describe('questions of the server', () => {
    test.each(kinds)('$sdk, $carrier, $view: reach the client whose call it is', async (kind) => {
      const mine = await sit(kind, 'shared')
      const other = await sit(kind, 'shared')
      await other.text('echo', { message: 'I am here, too' })
      expect(
        await mine.text('trigger-sampling-request', { prompt: 'Hi.', maxTokens: 9 }),
      ).toContain('Sampled: grüße')
      expect(await mine.text('trigger-elicitation-request')).toContain('provided the requested')
      expect(mine.client.asked.map(({ method }) => method)).toEqual([
        'sampling/createMessage',
        'elicitation/create',
      ])
      expect(mine.client.asked[0]?.params).toMatchObject({ maxTokens: 9 })
      expect(other.client.asked).toEqual([])
    })

    test.each(kinds)(
      '$sdk, $carrier, $view: an unable client is not asked, its call fails at once',
      async (kind) => {
        const seat = await sit(kind, 'shared', { capabilities: {} })
        const startedAt = performance.now()
        const answer = await seat.text('trigger-sampling-request', { prompt: 'Hi.' })
        expect(answer).toContain('does not support sampling')
        expect(performance.now() - startedAt).toBeLessThan(1_000)
      },
    )
  })

  describe('what the server says by itself', () => {
    test.each(kinds)(
      '$sdk, $carrier, $view: resource updates to who has subscribed',
      async (kind) => {
        const mine = await sit(kind, 'shared')
        const other = await sit(kind, 'shared')
        await other.tool('echo', { message: 'I have not subscribed' })
        await mine.client.request('resources/subscribe', { uri: mine.uri(echoUri) })
        await mine.tool('toggle-subscriber-updates')
        await expectNotice(
          mine.client,
          'notifications/resources/updated',
          (params) => params['uri'] === mine.uri(echoUri),
        )
        await mine.tool('toggle-subscriber-updates')
        await mine.client.request('resources/unsubscribe', { uri: mine.uri(echoUri) })
        expect(other.client.notices.map(({ method }) => method)).not.toContain(
          'notifications/resources/updated',
        )
        // Switched on once more, it has nobody to tell.
        mine.client.notices.length = 0
        await mine.tool('toggle-subscriber-updates')
        await mine.tool('toggle-subscriber-updates')
        expect(mine.client.notices.map(({ method }) => method)).not.toContain(
          'notifications/resources/updated',
        )
      },
    )
  })

  test('eight clients at once, each with an instance of its own, have it for themselves', async () => {
    await atOnce(async (kind, i) => {
      const model = `model-${i}`
      const content = { type: 'text', text: 'Hm.' } as const
      const seat = await sit(kind, 'own', {
        answers: { sampling: () => ({ role: 'assistant', model, stopReason: 'endTurn', content }) },
      })
      expect(await seat.text('trigger-sampling-request', { prompt: 'Who?' })).toContain(model)

      const seen: Json[] = []
      await seat.slow(
        { duration: 0.2, steps: 3 },
        { onprogress: (progress) => seen.push(progress) },
      )
      expectProgress(seen, 3)

      await seat.client.request('logging/setLevel', { level: 'debug' })
      await seat.tool('toggle-simulated-logging')
      await expectNotice(seat.client, 'notifications/message')

      seat.client.notices.length = 0
      await seat.tool('gzip-file-as-resource', { name: `${model}.gz`, data: 'data:,x' })
      await expectNotice(seat.client, 'notifications/resources/list_changed')
      const uri = seat.uri(`demo://resource/session/${model}.gz`)
      // The first change that is told may be the one before.
      await eventually(async () => {
        const resources = await seat.client.list('resources')
        const registered = resources.filter((resource) =>
          String(resource['uri']).includes('/session/'),
        )
        expect(registered).toEqual([expect.objectContaining({ uri })])
      })
      expect(await seat.client.request('resources/read', { uri })).toMatchObject({
        contents: [{ uri, mimeType: 'application/gzip' }],
      })
    })
  })

  test('among all servers, a client is shown what its own instance has and nobody else’s', async () => {
    const kind = { sdk: 'v1', carrier: 'http', view: 'aggregate' } as const
    const registered = async ({ client }: Seat): Promise<string[]> =>
      (await client.list('resources'))
        .map(({ name }) => String(name))
        .filter((name) => name.endsWith('gz'))
    const [first, second] = [await sit(kind, 'own'), await sit(kind, 'own')]
    for (const [seat, name] of [
      [first, 'first.gz'],
      [second, 'second.gz'],
    ] as const) {
      await seat.tool('gzip-file-as-resource', { name, data: 'data:,x' })
      await eventually(async () => expect(await registered(seat)).toEqual([name]))
    }
    expect(await registered(first)).toEqual(['first.gz'])
  })

  test('a level that one client asks for is not the others’', async () => {
    const [loud, quiet] = await Promise.all([
      sit({ sdk: 'v1', carrier: 'http', view: 'single' }, 'shared'),
      sit({ sdk: 'v2', carrier: 'shim', view: 'single' }, 'shared'),
    ])
    for (const seat of [loud, quiet]) await seat.tool('echo', { message: 'start' })
    await loud.client.request('logging/setLevel', { level: 'debug' })
    await quiet.client.request('logging/setLevel', { level: 'emergency' })
    // The server says this at the level info.
    await loud.client.request('resources/subscribe', { uri: echoUri })
    await expectNotice(loud.client, 'notifications/message', ({ level }) => level === 'info')
    await loud.client.request('resources/unsubscribe', { uri: echoUri })
    expect(quiet.client.notices.filter(({ method }) => method === 'notifications/message')).toEqual(
      [],
    )
  })

  test('an instance of one’s own keeps to the level of its session', async () => {
    const seat = await sit({ sdk: 'v1', carrier: 'http', view: 'single' }, 'own')
    await seat.tool('echo', { message: 'start' })
    await seat.client.request('logging/setLevel', { level: 'error' })
    await seat.client.request('resources/subscribe', { uri: echoUri })
    await seat.client.request('resources/unsubscribe', { uri: echoUri })
    await seat.client.request('logging/setLevel', { level: 'info' })
    await seat.client.request('resources/subscribe', { uri: echoUri })
    await expectNotice(seat.client, 'notifications/message')
    const said = seat.client.notices.filter(({ method }) => method === 'notifications/message')
    expect(said).toHaveLength(1)
  })

  test('nothing is left in flight', async () => {
    await eventually(async () => expect(await gateway.get('/stats')).toMatchObject({ sessions: 0 }))
  })
})
