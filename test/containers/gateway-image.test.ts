import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { buildImage } from '../../scripts/build-image.mjs'
import { stageConfig } from '../../scripts/dockerfile.mjs'
import { eventually } from '../support/eventually.ts'
import { composeUp, type ComposeProject } from './compose.ts'
import { loadImage, socketOf } from './engine-programs.ts'
import { describeEngines, type EngineProbe } from './engines.ts'
import { callTool } from './envelope-call.ts'
import { inImage, testImage } from './test-image.ts'

const root = path.join(import.meta.dirname, '..', '..')
const image = 'gateway-test/gateway:1'
const key = 'a-key-of-the-test-that-is-long-enough'
const rpcAnswer = z.object({
  result: z.object({ content: z.array(z.object({ text: z.string() })) }).optional(),
  error: z.object({ message: z.string() }).optional(),
})
const inspected = z.object({
  State: z.object({
    Running: z.boolean(),
    Health: z.object({ Status: z.string(), Log: z.array(z.unknown()).nullish() }).optional(),
  }),
})

it('both stages of the Dockerfile say the same of how the image is run', () => {
  const text = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
  expect(stageConfig(text, 'full')).toEqual(stageConfig(text, 'slim'))
  expect(stageConfig(text, 'slim')).toMatchObject({ User: '65532:65532' })
})

describeEngines(
  'the gateway’s own image',
  (engine) => {
    let folder: string

    it('has npm’s and a shell’s programs with the tag `full`', async () => {
      const archive = path.join(folder, 'full.tar')
      const full = 'gateway-test/gateway:full'
      buildImage({ out: archive, name: full, full: true })
      await loadImage(engine.address, archive)
      rmSync(archive)
      onTestFinished(async () => {
        await engine.call('DELETE', `/images/${full}?force=true`)
      })
      const created = await engine.call('POST', '/containers/create', {
        Image: full,
        Entrypoint: ['npx'],
        Cmd: ['--version'],
        HostConfig: { NetworkMode: 'none' },
      })
      const { Id: id } = z.object({ Id: z.string() }).parse(created)
      await engine.call('POST', `/containers/${id}/start`)
      await engine.call('POST', `/containers/${id}/wait`)
      expect(await logsOf(engine, id)).toMatch(/\d+\.\d+\.\d+/)
      await engine.call('DELETE', `/containers/${id}?v=true`)
    })

    beforeAll(async () => {
      folder = path.join(os.tmpdir(), `gateway-image-test-${randomUUID()}`)
      mkdirSync(folder)
      const archive = path.join(folder, 'gateway.tar')
      const bytes = buildImage({ out: archive, name: image, measure: true })
      // As registries keep it.
      expect(bytes).toBeLessThan(50_000_000)
      const { status, text } = await loadImage(engine.address, archive)
      expect(status, text).toBe(200)
      rmSync(archive)
    })

    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true })
      await engine.call('DELETE', `/images/${image}?force=true`)
    })

    /** Another port than the gateway's own is published here, so that it has to be told by which name it is called. */
    function writeSettings(config: string): void {
      mkdirSync(config, { recursive: true })
      writeFileSync(path.join(config, 'config.yaml'), 'allowed_hosts: [127.0.0.1]\n')
    }

    async function up(
      config: string,
    ): Promise<{ project: ComposeProject; url: string; logs: () => Promise<string> }> {
      const port = await freePort()
      const socket = socketOf(engine.address)
      // As the example lies in the repository, with another folder of settings in its place.
      const file = path.join(folder, `${randomUUID()}.yml`)
      const example = path.join(root, 'examples', 'docker-compose', 'docker-compose.yml')
      writeFileSync(file, readFileSync(example, 'utf8').replace('./config:', `${config}:`))
      const project = await composeUp(engine, {
        file,
        project: `compose-${randomUUID().slice(0, 8)}`,
        env: {
          GATEWAY_IMAGE: image,
          GATEWAY_PORT: String(port),
          MCP_GATEWAY_API_KEY: key,
          DOCKER_SERVER_IMAGE: testImage,
          DOCKER_SOCKET: socket,
          DOCKER_GID: String(statSync(socket).gid),
          NODE_IMAGE: testImage,
        },
        commands: { everything: [inImage.everything, 'streamableHttp'] },
      })
      onTestFinished(() => project.down())
      const url = `http://127.0.0.1:${port}`
      const logs = () => logsOf(engine, project.containers['gateway'] ?? '')
      await eventually(async () => {
        const { ok } = await fetch(`${url}/health`).catch(async (cause: unknown) => {
          throw new Error(await logs(), { cause })
        })
        expect(ok).toBe(true)
      })
      return { project, url, logs }
    }

    async function call(url: string, id: string, name: string, args: object = {}): Promise<string> {
      const answer = await callTool({ url, key }, id, name, args)
      const { result, error } = rpcAnswer.parse(JSON.parse(answer))
      return result?.content[0]?.text ?? error?.message ?? ''
    }

    async function ids(url: string): Promise<string[]> {
      const answer = await fetch(`${url}/servers`, { headers: { authorization: `Bearer ${key}` } })
      return z
        .array(z.object({ id: z.string() }))
        .parse(await answer.json())
        .map(({ id }) => id)
    }

    it('serves the example’s process, remote and container, as nobody, healthy, and cleans up', async () => {
      const { project, url } = await up(path.join(root, 'examples', 'docker-compose', 'config'))
      expect(await call(url, 'clock', 'now')).toMatch(/^\d{4}-\d\d-\d\dT/)
      await eventually(async () =>
        expect(await call(url, 'everything', 'echo', { message: 'far' })).toBe('Echo: far'),
      )
      expect(await call(url, 'contained', 'echo', { message: 'near' })).toBe('Echo: near')
      const mine = await engine.containers('io.github.open-mcp-gateway.gateway.server', 'contained')
      expect(mine.filter(({ State: state }) => state === 'running')).toHaveLength(1)
      const gateway = project.containers['gateway'] ?? ''
      // Its own program, since there is no shell.
      const exec = z.object({ Id: z.string() }).parse(
        await engine.call('POST', `/containers/${gateway}/exec`, {
          Cmd: ['/usr/local/bin/node', '/app/gateway.cjs', 'health'],
          AttachStdout: true,
        }),
      )
      await engine.stream(`/exec/${exec.Id}/start`, { Detach: false })
      expect(await engine.call('GET', `/exec/${exec.Id}/json`)).toMatchObject({ ExitCode: 0 })
      await engine.call('POST', `/containers/${gateway}/stop?t=20`)
      const facts = inspected.parse(await engine.inspect(gateway))
      expect(facts.State.Running).toBe(false)
      expect(
        await engine.containers('io.github.open-mcp-gateway.gateway.server', 'contained'),
      ).toEqual([])
    })

    it('picks up a catalog that is edited in a mounted folder, and one swapped by symlinks as Kubernetes does', async () => {
      const config = path.join(folder, 'mounted')
      const version = (name: string, server: string): void => {
        mkdirSync(path.join(config, name), { recursive: true })
        const runtime = { type: 'remote-http', url: 'http://everything:3001/mcp' }
        writeFileSync(
          path.join(config, name, 'catalog.yaml'),
          JSON.stringify({ servers: [{ id: server, runtime }] }),
        )
      }
      // A ConfigMap: catalog.yaml → ..data/catalog.yaml, ..data → the folder of one version.
      writeSettings(config)
      version('..v1', 'first')
      symlinkSync('..v1', path.join(config, '..data'))
      symlinkSync('..data/catalog.yaml', path.join(config, 'catalog.yaml'))
      const { url } = await up(config)
      expect(await ids(url)).toEqual(['first'])
      version('..v2', 'second')
      symlinkSync('..v2', path.join(config, '..data_tmp'))
      renameSync(path.join(config, '..data_tmp'), path.join(config, '..data'))
      rmSync(path.join(config, '..v1'), { recursive: true })
      await eventually(async () => expect(await ids(url)).toEqual(['second']))
      version('..v2', 'third')
      await eventually(async () => expect(await ids(url)).toEqual(['third']))
    })

    it('runs code compiled ahead, and says what is missing where no folder is mounted', async () => {
      const created = await engine.call('POST', '/containers/create', {
        Image: image,
        Env: [`MCP_GATEWAY_API_KEY=${key}`, 'NODE_DEBUG_NATIVE=COMPILE_CACHE'],
        HostConfig: { ReadonlyRootfs: true, NetworkMode: 'none' },
      })
      const { Id: id } = z.object({ Id: z.string() }).parse(created)
      onTestFinished(async () => {
        await engine.call('DELETE', `/containers/${id}?force=true&v=true`)
      })
      await engine.call('POST', `/containers/${id}/start`)
      expect(await engine.call('POST', `/containers/${id}/wait`)).toMatchObject({ StatusCode: 1 })
      const logs = await logsOf(engine, id)
      expect(logs).toMatch(/run-gateway-\S+ was accepted/)
      expect(logs).toContain(
        'There is no catalog at /etc/mcp-gateway/catalog.yaml, and none can be made there (read-only)',
      )
    })

    it('reaches a server that speaks HTTP in a container over the network that both are in, and mounts what lies beside its catalog', async () => {
      const config = path.join(folder, 'shared')
      writeSettings(config)
      mkdirSync(path.join(config, 'data'))
      writeFileSync(path.join(config, 'data', 'note.txt'), 'beside the catalog')
      const runtime = { type: 'docker', image: testImage }
      const servers = [
        {
          id: 'web',
          runtime: {
            ...runtime,
            args: [inImage.everything, 'streamableHttp'],
            transport: 'http',
            port: 3001,
          },
        },
        {
          id: 'files',
          runtime: { ...runtime, args: [inImage.scripted], volumes: ['./data:/data:ro'] },
        },
      ]
      writeFileSync(path.join(config, 'catalog.yaml'), JSON.stringify({ servers }))
      const { url, project } = await up(config)
      expect(await call(url, 'web', 'echo', { message: 'inside' })).toBe('Echo: inside')
      expect(await call(url, 'files', 'file', { path: '/data/note.txt' })).toBe(
        'beside the catalog',
      )
      const [web] = await engine.containers('io.github.open-mcp-gateway.gateway.server', 'web')
      const { NetworkSettings: network } = await engine.inspect(web?.Id ?? '')
      // Nothing is published: only who is in the network reaches it.
      expect(JSON.stringify(network['Ports'])).not.toContain('HostPort')
      await engine.call('POST', `/containers/${project.containers['gateway']}/stop?t=20`)
      expect(await engine.containers('io.github.open-mcp-gateway.gateway.server', 'web')).toEqual(
        [],
      )
    })
  },
  ['docker'],
)

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function logsOf(engine: EngineProbe, id: string): Promise<string> {
  return engine.stream(`/containers/${id}/logs?stdout=1&stderr=1`)
}
