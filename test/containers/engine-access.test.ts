import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { labels } from '../../src-main/containers/container-labels.ts'
import { eventually } from '../support/eventually.ts'
import { makeCertificates } from './certificates.ts'
import { proxyTo } from './engine-proxy.ts'
import { socketOf } from './engine-programs.ts'
import { describeEngines, type EngineProbe } from './engines.ts'
import {
  ask,
  dockerServer,
  makeContainers,
  temporaryFolder,
  type ContainersHarness,
} from './launch-harness.ts'
import { startRegistry } from './registry.ts'

async function expectToWork(harness: ContainersHarness): Promise<void> {
  const { link, messages } = await harness.launch()
  ask(link, 'here I am')
  await eventually(() => expect(messages.join()).toContain('here I am'))
  await link.close()
}

function ours(engine: EngineProbe, harness: ContainersHarness) {
  const { instance }: { instance: string } = JSON.parse(
    readFileSync(path.join(harness.stateDir, 'containers.json'), 'utf8'),
  )
  return engine.containers(labels.instance, instance)
}

describeEngines('an engine that goes and comes', (engine) => {
  const variable = engine.name === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'

  it('is named when it is lost, and when it is back nothing of before is left', async () => {
    const socket = path.join(temporaryFolder(), 'engine.sock')
    const proxy = await proxyTo(socketOf(engine.address), socket)
    const harness = makeContainers({ [variable]: `unix://${socket}` })
    const first = await harness.launch({ engine: engine.name })
    expect(await ours(engine, harness)).toHaveLength(1)
    await proxy.cut()
    await eventually(() => expect(first.closed).toHaveLength(1))
    expect(first.closed[0]?.message).toMatch(/is lost: \w+ was stopped or restarted/)
    await expect(harness.launch({ engine: engine.name })).rejects.toThrow(
      /is not running: nothing answers at unix:/,
    )
    await proxy.open()
    const { link, messages } = await harness.launch({ engine: engine.name })
    ask(link, 'after')
    await eventually(() => expect(messages.join()).toContain('after'))
    expect(await ours(engine, harness)).toHaveLength(1)
    await link.close()
    expect(await ours(engine, harness)).toEqual([])
  })

  it('is asked for the end of a container in a way that does not keep it busy', async () => {
    const socket = path.join(temporaryFolder(), 'engine.sock')
    const proxy = await proxyTo(socketOf(engine.address), socket)
    const harness = makeContainers({ [variable]: `unix://${socket}` })
    const { link } = await harness.launch({ engine: engine.name })
    await link.close()
    const waits = proxy.asked.filter((line) => line.includes('/wait'))
    // Podman before 4.6 looks without a pause where it is asked as Docker is.
    if (engine.name === 'podman') {
      expect(waits[0]).toMatch(/\/libpod\/.*interval=2s/)
      expect(waits[1]).toMatch(/\/libpod\/.*interval=50ms/)
    } else expect(waits).toHaveLength(1)
  })

  it('that hangs does not hold up a stop for long', async () => {
    const socket = path.join(temporaryFolder(), 'engine.sock')
    const proxy = await proxyTo(socketOf(engine.address), socket)
    const harness = makeContainers({ [variable]: `unix://${socket}` })
    const { link } = await harness.launch({ engine: engine.name })
    proxy.hang()
    const before = performance.now()
    await link.close()
    expect(performance.now() - before).toBeLessThan(12_000)
    await proxy.cut()
    await proxy.open()
    await makeContainers(
      { [variable]: `unix://${socket}` },
      { stateDir: harness.stateDir },
    ).containers.reap()
    expect(await ours(engine, harness)).toEqual([])
  })

  it('that is gone at the end leaves its containers to the next start', async () => {
    const socket = path.join(temporaryFolder(), 'engine.sock')
    const stateDir = temporaryFolder()
    const proxy = await proxyTo(socketOf(engine.address), socket)
    const env = { [variable]: `unix://${socket}` }
    const harness = makeContainers(env, { stateDir })
    const { link } = await harness.launch({ engine: engine.name })
    await proxy.cut()
    await link.close(0)
    await harness.containers.close()
    expect(await ours(engine, harness)).toHaveLength(1)
    await proxy.open()
    await makeContainers(env, { stateDir }).containers.reap()
    expect(await ours(engine, harness)).toEqual([])
  })
})

describeEngines(
  'the ways to Docker',
  (engine) => {
    it('is a TCP address with TLS, where both sides show who they are', async () => {
      const folder = temporaryFolder()
      const { server, clientFolder } = makeCertificates(folder)
      const proxy = await proxyTo(socketOf(engine.address), 0, { ...server, requestCert: true })
      const env = { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}`, DOCKER_TLS_VERIFY: '1' }
      await expectToWork(makeContainers({ ...env, DOCKER_CERT_PATH: clientFolder }))
      await expect(makeContainers(env).launch()).rejects.toThrow(
        /could not be trusted, or did not trust us.*DOCKER_CERT_PATH/,
      )
    })

    it('is the system’s own ssh, and its words are told when it fails', async () => {
      const folder = temporaryFolder()
      const script = path.join(folder, 'ssh')
      // Not a machine away, but all that is ours: the arguments, the streams, the end.
      const relay = `
        const { connect } = require('node:net')
        const args = process.argv.slice(1)
        if (!args.includes('friend@far')) { console.error('Host key verification failed.'); process.exit(255) }
        require('node:fs').writeFileSync(${JSON.stringify(path.join(folder, 'args'))}, JSON.stringify(args))
        const socket = connect({ path: ${JSON.stringify(socketOf(engine.address))}, allowHalfOpen: true })
        process.stdin.pipe(socket).pipe(process.stdout)`
      writeFileSync(path.join(folder, 'relay.cjs'), relay)
      writeFileSync(
        script,
        `#!/bin/sh\nexec ${process.execPath} -e "require('${folder}/relay.cjs')" -- "$@"\n`,
      )
      chmodSync(script, 0o755)
      const before = process.env['PATH']
      process.env['PATH'] = `${folder}:${before}`
      onTestFinished(() => void (process.env['PATH'] = before))
      const far = makeContainers({ DOCKER_HOST: 'ssh://friend@far:2222' })
      await expectToWork(far)
      const { log } = await far.launch({ volumes: [`${folder}:/data`] })
      expect(log.join()).toContain('those that are missing there are made, empty and root’s')
      const args: string[] = JSON.parse(readFileSync(path.join(folder, 'args'), 'utf8'))
      expect(args.slice(-5)).toEqual(['-p', '2222', '--', 'friend@far', 'docker system dial-stdio'])
      await expect(makeContainers({ DOCKER_HOST: 'ssh://stranger@far' }).launch()).rejects.toThrow(
        /cannot be reached: Host key verification failed/,
      )
    })

    it('is the Docker context in use', async () => {
      const folder = temporaryFolder()
      const id = createHash('sha256').update('mine').digest('hex')
      mkdirSync(path.join(folder, 'contexts', 'meta', id), { recursive: true })
      writeFileSync(
        path.join(folder, 'contexts', 'meta', id, 'meta.json'),
        JSON.stringify({ Name: 'mine', Endpoints: { docker: { Host: engine.address } } }),
      )
      writeFileSync(path.join(folder, 'config.json'), '{"currentContext":"mine"}')
      await expectToWork(makeContainers({ DOCKER_CONFIG: folder }))
      await expect(
        makeContainers({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'other' }).launch(),
      ).rejects.toThrow(/There is no Docker context 'other'/)
    })

    it('is closed to who may not use the socket', async () => {
      const socket = path.join(temporaryFolder(), 'engine.sock')
      await proxyTo(socketOf(engine.address), socket)
      chmodSync(path.dirname(socket), 0o700)
      const harness = makeContainers({ DOCKER_HOST: `unix://${socket}` })
      process.seteuid?.(65_534)
      try {
        await expect(harness.launch()).rejects.toThrow(
          /This user may not use Docker: .*permission denied.*group docker/,
        )
      } finally {
        process.seteuid?.(0)
      }
    })

    it('pulls an image that is not there, tells how far it is, and shares the pull', async () => {
      const folder = temporaryFolder()
      const registry = await startRegistry(folder, { login: 'me:secret', delayMs: 60 })
      const dockerConfig = temporaryFolder()
      const harness = makeContainers({ DOCKER_HOST: engine.address, DOCKER_CONFIG: dockerConfig })
      const { image } = registry
      onTestFinished(async () => {
        await engine.call('DELETE', `/images/${image}?force=true`).catch(() => {})
      })
      await expect(harness.launch({ image })).rejects.toThrow(/sign in with `docker login`/)
      expect(harness.changes.at(-1)?.image).toMatchObject({ state: 'absent' })
      expect(harness.changes.at(-1)?.image.problem).toContain('could not pull it')

      const auth = Buffer.from('me:secret').toString('base64')
      writeFileSync(
        path.join(dockerConfig, 'config.json'),
        JSON.stringify({ auths: { [image.split('/')[0] ?? '']: { auth } } }),
      )
      registry.requests.length = 0
      harness.changes.length = 0
      // The image has no program: that says so by its exit code, or the engine does.
      const launches = await Promise.allSettled([
        harness.launch({ image }),
        harness.launch({ image }),
      ])
      expect(JSON.stringify(launches)).not.toContain('could not pull')
      // The start's time began anew with each step.
      for (const one of launches)
        if (one.status === 'fulfilled') expect(one.value.progress()).toBeGreaterThan(1)
      const layers = registry.requests.filter(
        (one) => one.startsWith('GET') && one.includes('/blobs/'),
      )
      expect(layers).toHaveLength(2)
      const told = harness.changes.flatMap((change) => change.image.progress ?? [])
      expect(
        told.some(({ done_bytes: done, total_bytes: total }) => done > 0 && done < total),
      ).toBe(true)
      expect(harness.changes.at(-1)?.image).toMatchObject({ state: 'present', progress: null })
      // By hand, also where it is there already: what `latest` means may have changed.
      registry.requests.length = 0
      const server = { serverId: 'under-test', runtime: { ...dockerServer, image } }
      expect(await harness.containers.pull(server)).toMatchObject({ image: { state: 'present' } })
      expect(registry.requests.join()).toContain('/manifests/1')
    })
  },
  ['docker'],
)
