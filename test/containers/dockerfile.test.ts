import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { baseImages, machineCertificates, whyNoBaseImages, writeBaseImage } from './base-images.ts'
import { loadImage } from './engine-programs.ts'
import { describeEngines, type EngineProbe } from './engines.ts'
import { callTool } from './envelope-call.ts'

const root = path.join(import.meta.dirname, '..', '..')
const key = 'a-key-of-the-test-that-is-long-enough'
const image = (stage: string): string => `gateway-test/dockerfile:${stage}`

if (process.env['BUILD_DOCKERFILE'] === undefined)
  it.skip(
    'builds the Dockerfile (takes minutes and the registries of npm, Debian and PyPI: BUILD_DOCKERFILE=1)',
  )
else describeEngines('the Dockerfile', describeDockerfile, ['docker'])

function describeDockerfile(engine: EngineProbe): void {
  const folder = path.join(os.tmpdir(), `dockerfile-test-${randomUUID()}`)
  const standIns: string[] = []

  async function docker(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('docker', args, {
      env: { ...process.env, DOCKER_HOST: engine.address },
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout.trim()
  }

  beforeAll(async () => {
    const config = path.join(folder, 'config')
    mkdirSync(config, { recursive: true })
    for (const name of baseImages(readFileSync(path.join(root, 'Dockerfile'), 'utf8')))
      await docker('pull', '--quiet', name).catch(async () => {
        // Never in place of one that is there.
        if ((await docker('images', '--quiet', name)) !== '') return
        const why = whyNoBaseImages()
        if (why !== undefined) throw new Error(`${name} can be neither pulled nor made: ${why}`)
        const archive = path.join(folder, 'base.tar')
        writeBaseImage(name, archive)
        await loadImage(engine.address, archive)
        rmSync(archive)
        standIns.push(name)
      })
    for (const stage of ['slim', 'full'])
      await docker('build', '--network', 'host', '--target', stage, '--tag', image(stage), root)
    const env = standIns.length > 0 ? { SSL_CERT_FILE: machineCertificates } : {}
    const server = (id: string, command: string, ...args: string[]): object => ({
      id,
      env,
      runtime: { type: 'local-process', command, args },
    })
    const servers = [
      server('everything', 'npx', '-y', '@modelcontextprotocol/server-everything'),
      server('time', 'uvx', 'mcp-server-time'),
    ]
    writeFileSync(path.join(config, 'catalog.yaml'), JSON.stringify({ servers }))
    writeFileSync(path.join(config, 'config.yaml'), 'allowed_hosts: [127.0.0.1]\n')
  }, 900_000)

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await docker('rmi', '--force', image('slim'), image('full'), ...standIns)
  })

  /** As the README says. */
  async function up(stage: string): Promise<{ id: string; url: string }> {
    const options = [
      '--publish 127.0.0.1::4444',
      `--env MCP_GATEWAY_API_KEY=${key}`,
      `--volume ${folder}/config:/etc/mcp-gateway:ro`,
      '--volume /var/lib/mcp-gateway',
      '--read-only --tmpfs /tmp --init --cap-drop ALL --security-opt no-new-privileges',
      '--health-interval 1s',
    ]
    const id = await docker('run', '--detach', ...options.join(' ').split(' '), image(stage))
    onTestFinished(async () => {
      await docker('rm', '--force', '--volumes', id)
    })
    await eventually(async () =>
      expect(
        await docker('inspect', '--format', '{{.State.Health.Status}}', id),
        await docker('logs', id),
      ).toBe('healthy'),
    )
    return { id, url: `http://${await docker('port', id, '4444/tcp')}` }
  }

  it('makes a small image that is healthy as nobody on a read-only root, and stays below 50 MB', async () => {
    const { id } = await up('slim')
    const archive = path.join(folder, 'slim.tar')
    await docker('save', '--output', archive, image('slim'))
    expect(gzipSync(readFileSync(archive)).byteLength).toBeLessThan(50_000_000)
    rmSync(archive)
    await expect(docker('exec', id, 'sh', '-c', 'true')).rejects.toThrow()
    await docker('stop', id)
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0')
  }, 120_000)

  it('makes a full image in which npx and uvx start servers', async () => {
    const { url } = await up('full')
    const call = (id: string, name: string, args: object) => callTool({ url, key }, id, name, args)
    expect(await call('everything', 'echo', { message: 'by npx' })).toContain('Echo: by npx')
    expect(await call('time', 'get_current_time', { timezone: 'Europe/Berlin' })).toContain(
      '"isError":false',
    )
  }, 300_000)
}
