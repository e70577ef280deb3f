import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { containerRow, type ContainerRow } from '../../src-shared/container.ts'
import { describeEngines, serverLabel, type EngineProbe } from '../containers/engines.ts'
import { inImage, testImage } from '../containers/test-image.ts'
import { eventually } from '../support/eventually.ts'
import { commandLinesWith } from '../support/processes.ts'
import { Place, type CatalogEntry, type RunningGateway } from './gateway-program.ts'

const toolAnswer = z.object({
  result: z.object({ content: z.array(z.object({ text: z.string() })) }).optional(),
  error: z.object({ message: z.string() }).optional(),
})
const rowsAnswer = z.object({ ok: z.array(containerRow) })
/** `npm run test:soak` has more, and nothing beside it that makes networks and volumes. */
const soakStarts = Number(process.env['SOAK_STARTS'] ?? 10)
const places: Place[] = []

afterEach(async () => {
  for (const place of places.splice(0)) await place.end()
})

async function newPlace(): Promise<Place> {
  const place = await Place.make()
  places.push(place)
  return place
}

describeEngines('a server in a container', (engine) => {
  /** A name of its own in all engines: they may be shared. */
  const newId = (): string => `life-${randomUUID().slice(0, 8)}`
  const entry = (id: string, runtime: object = {}, fields: object = {}): CatalogEntry => ({
    id,
    runtime: {
      type: 'docker',
      engine: engine.name,
      image: testImage,
      args: [inImage.scripted],
      ...runtime,
    },
    ...fields,
  })
  const start = (place: Place, servers: CatalogEntry[], config: object = {}) =>
    place.start({ servers, env: engine.env, config })
  const containers = (id: string) => engine.containers(serverLabel, id)

  it('is started by the first request, kept apart, and leaves nothing behind when it is idle', async () => {
    const place = await newPlace()
    const id = newId()
    const gateway = await start(place, [entry(id, {}, { idle_timeout_seconds: 1 })])
    expect(await containers(id)).toEqual([])
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => call(gateway, id, 'echo', { text: `n${i}` })),
    )
    expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => `n${i}`))
    const running = await containers(id)
    expect(running).toHaveLength(1)
    const { HostConfig: host, Config: config } = await engine.inspect(running[0]?.Id ?? '')
    expect(host).toMatchObject({ PidsLimit: 512, Privileged: false, LogConfig: { Type: 'none' } })
    expect(JSON.stringify(host['SecurityOpt'])).toContain('no-new-privileges')
    expect(host['CapDrop']).not.toEqual([])
    expect(host['NetworkMode']).not.toBe('host')
    expect(JSON.stringify(config['Env'])).not.toMatch(/MCP_GATEWAY|HOME=\/tmp\/gateway-real/)
    // No capability at all is left, which the kernel says itself.
    const status = await call(gateway, id, 'file', { path: '/proc/self/status' })
    expect(status).toMatch(/CapEff:\s+0000000000000000/)
    expect(status).toMatch(/NoNewPrivs:\s+1/)
    await eventually(async () => {
      expect(await gateway.status(id)).toBe('stopped')
      expect(await containers(id)).toEqual([])
    })
  })

  it('gets its arguments, variables, volumes, user and limits', async () => {
    const place = await newPlace()
    const id = newId()
    await fs.mkdir(place.file('data'))
    await fs.writeFile(place.file('data/note.txt'), 'from the catalog’s folder')
    await fs.writeFile(place.file('more.env'), 'FROM_FILE=file\nBOTH=file\n')
    const runtime = {
      args: [inImage.scripted, '--tools=extra'],
      volumes: ['./data:/data:ro'],
      user: '1234:5678',
      memory: '256m',
      cpus: 0.5,
      read_only: true,
    }
    const gateway = await start(place, [
      entry(id, runtime, {
        env: { BOTH: 'own' },
        env_file: './more.env',
        inherit_env: ['LOGNAME'],
      }),
    ])
    expect(await call(gateway, id, 'extra')).toBe('called extra')
    const variable = (name: string) => call(gateway, id, 'environment', { name })
    expect(await variable('FROM_FILE')).toBe('file')
    expect(await variable('BOTH')).toBe('own')
    expect(await variable('IMAGE_SAYS')).toBe('hello')
    expect(await variable('LOGNAME')).toBe('somebody')
    expect(await variable('SHELL')).toBe('')
    expect(await call(gateway, id, 'file', { path: '/data/note.txt' })).toBe(
      'from the catalog’s folder',
    )
    expect(await call(gateway, id, 'user')).toBe('1234:5678')
    expect(await call(gateway, id, 'write', { path: '/data/x' })).toBe('EROFS')
    expect(await call(gateway, id, 'write', { path: '/app/x' })).toBe('EROFS')
    expect(await call(gateway, id, 'write', { path: '/tmp/x' })).toBe('written')
    const [running] = await containers(id)
    const { HostConfig: host } = await engine.inspect(running?.Id ?? '')
    expect(host).toMatchObject({
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      NanoCpus: 500_000_000,
      ReadonlyRootfs: true,
    })
    const [row] = await rows(gateway)
    expect(row).toMatchObject({
      server_id: id,
      engine: engine.name,
      engine_problem: null,
      image: { name: testImage, state: 'present' },
      containers: [{ id: running?.Id, memory_limit_bytes: 256 * 1024 * 1024 }],
    })
    expect(row?.containers[0]?.memory_bytes).toBeGreaterThan(1_000_000)
  })

  it('says how it ended: its exit code and last words, out of memory, removed from outside', async () => {
    const place = await newPlace()
    const id = newId()
    const gateway = await start(place, [entry(id, { memory: '128m' })])
    expect(await call(gateway, id, 'crash', { code: 3, words: 'the disk is full' })).toMatch(
      /exited with code 3.*the disk is full/,
    )
    // What went is started again, on demand.
    expect(await call(gateway, id, 'echo', { text: 'again' })).toBe('again')
    expect(await call(gateway, id, 'grow', { megabytes: 400 })).toMatch(
      // Not every Podman tells why.
      engine.name === 'docker'
        ? /used too much memory \(its limit is 128m\)/
        : /used too much memory|it used more memory than its limit of 128m, or/,
    )
    await gateway.post(`/servers/${id}/start`)
    const held = call(gateway, id, 'never')
    await eventually(async () => expect(await containers(id)).toHaveLength(1))
    await eventually(async () => expect(await gateway.status(id)).toBe('running'))
    const [running] = await containers(id)
    await engine.call('DELETE', `/containers/${running?.Id}?force=true`)
    expect(await held).toMatch(/was removed from outside the gateway|from outside the gateway/)
    await gateway.post(`/servers/${id}/start`)
    expect(await call(gateway, id, 'echo', { text: 'back' })).toBe('back')
  })

  it('is swapped when its definition changes, and what is in flight finishes on the old one', async () => {
    const place = await newPlace()
    const id = newId()
    const gateway = await start(place, [entry(id, {}, { env: { MARK: 'old' } })])
    expect(await call(gateway, id, 'environment', { name: 'MARK' })).toBe('old')
    const slow = call(gateway, id, 'sleep', { ms: 1500 })
    await place.writeCatalog([entry(id, {}, { env: { MARK: 'new' } })])
    expect((await gateway.post('/admin/reload')).status).toBe(200)
    expect(await call(gateway, id, 'environment', { name: 'MARK' })).toBe('new')
    expect(await slow).toBe('slept')
    await eventually(async () => expect(await containers(id)).toHaveLength(1))
  })

  it('is stopped although it heeds neither the end of its input nor SIGTERM, and at the gateway’s end', async () => {
    const place = await newPlace()
    const [stubborn, plain] = [newId(), newId()]
    const gateway = await start(place, [
      entry(stubborn, { args: [inImage.scripted, '--ignore-eof'] }),
      entry(plain),
    ])
    for (const id of [stubborn, plain]) expect(await call(gateway, id, 'echo')).toBe('')
    expect((await gateway.post(`/servers/${stubborn}/stop`)).status).toBe(200)
    expect(await containers(stubborn)).toEqual([])
    expect(await gateway.stop('SIGTERM')).toBe(0)
    expect(await containers(plain)).toEqual([])
  })

  it('is removed without grace by a second signal', async () => {
    const place = await newPlace()
    const id = newId()
    const gateway = await start(place, [entry(id, { args: [inImage.scripted, '--ignore-eof'] })])
    expect(await call(gateway, id, 'echo', { text: 'x' })).toBe('x')
    const again = setInterval(() => gateway.child.kill('SIGTERM'), 100)
    expect(await gateway.stop('SIGTERM')).toBe(1)
    clearInterval(again)
    // The engine was told; on a busy machine it may take longer than the gateway waits.
    await eventually(async () => expect(await containers(id)).toEqual([]))
  })

  it('is removed at the next start if the gateway was killed, and nothing else is', async () => {
    const place = await newPlace()
    const id = newId()
    const servers = [entry(id, { args: [inImage.scripted, '--ignore-eof'] })]
    const killed = await start(place, servers)
    expect(await call(killed, id, 'echo', { text: 'x' })).toBe('x')
    const other = await newPlace()
    const otherGateway = await start(other, servers)
    expect(await call(otherGateway, id, 'echo', { text: 'y' })).toBe('y')
    expect(await killed.stop('SIGKILL')).toBe('SIGKILL')
    expect(await containers(id)).toHaveLength(2)
    const next = await start(place, servers)
    await eventually(async () => expect(await containers(id)).toHaveLength(1))
    // The other gateway's, which has labels of its own.
    expect(await call(otherGateway, id, 'echo', { text: 'z' })).toBe('z')
    expect(next.log).toContain('removed containers that were left behind')
  })

  it('has the name that is asked for; one that is somebody else’s is left alone', async () => {
    const place = await newPlace()
    const [id, second] = [newId(), newId()]
    const name = `named-${id}`
    const gateway = await start(place, [entry(id, { container_name: name })])
    expect(await call(gateway, id, 'echo', { text: 'x' })).toBe('x')
    expect((await containers(id))[0]?.Names.join()).toContain(name)
    const other = await newPlace()
    const rival = await start(other, [entry(second, { container_name: name })])
    expect(await call(rival, second, 'echo')).toMatch(/exists that is not this gateway's/)
    expect(await call(gateway, id, 'echo', { text: 'still here' })).toBe('still here')
  })

  it('may speak HTTP at a port of its own, which is published on loopback alone', async () => {
    const place = await newPlace()
    const id = newId()
    const args = [inImage.conformance, '--era', 'dual', '--transport', 'http']
    const gateway = await start(place, [
      entry(id, {
        args: [...args, '--port', '8080', '--host', '0.0.0.0'],
        transport: 'http',
        port: 8080,
      }),
    ])
    expect(await call(gateway, id, 'test_simple_text')).toContain('simple text')
    const [running] = await containers(id)
    const { NetworkSettings: network } = await engine.inspect(running?.Id ?? '')
    expect(network['Ports']).toMatchObject({ '8080/tcp': [{ HostIp: '127.0.0.1' }] })
    const held = gateway.post('/mcp', { server_id: id, method: 'ping' })
    await held
    await engine.call('POST', `/containers/${running?.Id}/kill?signal=SIGKILL`)
    await eventually(async () => expect(await containers(id)).toEqual([]))
    expect(await call(gateway, id, 'test_simple_text')).toContain('simple text')
    expect((await gateway.post(`/servers/${id}/stop`)).status).toBe(200)
    expect(await containers(id)).toEqual([])
  })

  it('may speak the older HTTP+SSE, and a path that is wrong is named', async () => {
    const place = await newPlace()
    const [old, lost] = [newId(), newId()]
    const runtime = { args: [inImage.everything, 'sse'], transport: 'http', port: 3001 }
    const gateway = await start(place, [
      entry(old, { ...runtime, path: '/sse' }),
      entry(lost, { ...runtime, path: '/nowhere' }),
    ])
    expect(await call(gateway, old, 'echo', { message: 'as ever' })).toContain('as ever')
    expect(await call(gateway, lost, 'echo')).toMatch(/\/nowhere answered 404/)
    await eventually(async () => expect(await containers(lost)).toEqual([]))
  })

  it('says what it waited for in vain: a pull, a port', async () => {
    const place = await newPlace()
    const [pull, port] = [newId(), newId()]
    const registry = net.createServer()
    registry.listen(0, '127.0.0.1')
    await once(registry, 'listening')
    onTestFinished(() => void registry.close())
    const address = registry.address()
    const image = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}/some/image:1`
    const args = [inImage.conformance, '--era', 'dual', '--transport', 'http', '--port', '8080']
    const gateway = await start(place, [
      entry(pull, { image }, { start_timeout_seconds: 4 }),
      // It listens, and nobody outside can reach it.
      entry(
        port,
        { args: [...args, '--host', '127.0.0.1'], transport: 'http', port: 8080 },
        { start_timeout_seconds: 4 },
      ),
    ])
    expect(await call(gateway, pull, 'echo')).toContain(
      `${pull} did not start. The pull of ${image} did not go on within 4 s.`,
    )
    expect(await call(gateway, port, 'test_simple_text')).toMatch(
      /Nothing answered at port 8080 of its container within 4 s\. .*let it listen on 0\.0\.0\.0/,
    )
    await eventually(async () => expect(await containers(port)).toEqual([]))
  })

  it('may share the network of another container', async () => {
    const place = await newPlace()
    const [first, second] = [newId(), newId()]
    const gateway = await start(place, [
      entry(first, { container_name: first }),
      entry(second, { network: `container:${first}` }),
    ])
    const hosts = (id: string) => call(gateway, id, 'file', { path: '/etc/hosts' })
    expect(await hosts(first)).toContain('127.0.0.1')
    expect(await hosts(second)).toBe(await hosts(first))
  })

  it('says what is wrong with its image, its network, its volumes', async () => {
    const place = await newPlace()
    const [image, network, volume] = [newId(), newId(), newId()]
    const gateway = await start(place, [
      entry(image, { image: '127.0.0.1:1/nowhere/nothing:9' }),
      entry(network, { network: 'no-such-network-here' }),
      entry(volume, { volumes: ['./absent:/data'] }),
    ])
    expect(await call(gateway, image, 'echo')).toMatch(
      /127\.0\.0\.1:1\/nowhere\/nothing:9 is not on this machine, and \w+ could not pull it/,
    )
    expect(await call(gateway, network, 'echo')).toMatch(/Create the network/)
    expect(await call(gateway, volume, 'echo')).toContain(
      `${path.join(place.dir, 'absent')}, which one of its \`volumes\` names, does not exist.`,
    )
    const found = await rows(gateway)
    expect(found.find(({ server_id }) => server_id === image)?.image).toMatchObject({
      state: 'absent',
      problem: expect.stringContaining('could not pull it'),
    })
    for (const id of [image, network, volume]) expect(await containers(id)).toEqual([])
  })

  it(
    `lives and ends ${soakStarts} times without a trace`,
    () => soak(engine, newId(), soakStarts),
    60_000 + soakStarts * 4_000,
  )
})

/** Starts and stops, then counts what is left: containers, networks, volumes, and processes on the engine's side. */
async function soak(engine: EngineProbe, id: string, times: number): Promise<void> {
  const place = await newPlace()
  const runtime = {
    type: 'docker',
    engine: engine.name,
    image: testImage,
    args: [inImage.scripted],
  }
  const gateway = await place.start({ servers: [{ id, runtime }], env: engine.env })
  const others = async (): Promise<unknown> =>
    process.env['SOAK_STARTS'] === undefined
      ? undefined
      : namesIn([await engine.call('GET', '/networks'), await engine.call('GET', '/volumes')])
  const before = await others()
  const seen: string[] = []
  for (let i = 0; i < times; i++) {
    expect((await gateway.post(`/servers/${id}/start`)).status).toBe(200)
    const running = await engine.containers(serverLabel, id)
    expect(running).toHaveLength(1)
    seen.push(...running.map((container) => container.Id))
    // Else the last look would see nothing because it cannot.
    if (i === 0) expect(commandLinesWith(seen)).not.toEqual([])
    expect((await gateway.post(`/servers/${id}/stop`)).status).toBe(200)
  }
  expect(new Set(seen).size).toBe(times)
  expect(await engine.containers(serverLabel, id)).toEqual([])
  expect(await others()).toEqual(before)
  await eventually(() => expect(commandLinesWith(seen)).toEqual([]))
}

/** In some order: an engine has none. */
function namesIn(lists: unknown): string[] {
  return [...JSON.stringify(lists).matchAll(/"Name":"([^"]*)"/g)]
    .map(([, name]) => name ?? '')
    .toSorted()
}

/** The text of a tool's result, or the message of the error. */
async function call(
  gateway: RunningGateway,
  id: string,
  name: string,
  args: object = {},
): Promise<string> {
  const { body } = await gateway.post('/mcp', {
    server_id: id,
    method: 'tools/call',
    params: { name, arguments: args },
  })
  const { result, error } = toolAnswer.parse(body)
  return result?.content[0]?.text ?? error?.message ?? JSON.stringify(body)
}

async function rows(gateway: RunningGateway): Promise<ContainerRow[]> {
  const { body } = await gateway.post('/api/containers.list')
  return rowsAnswer.parse(body).ok
}
