import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** An engine of the tests' own, or one that runs here anyway; `reason`: why there is none. */
export type TestEngine = { address: string } | { reason: string }

export interface StartedEngine {
  engine: TestEngine
  stop(): Promise<void>
}

const startMs = 60_000
const none = (reason: string): StartedEngine => ({
  engine: { reason },
  stop: () => Promise.resolve(),
})

/** `TEST_DOCKER_HOST`, or a Docker that runs here, or a dockerd in `folder`, as root on Linux. */
export async function startDocker(folder: string): Promise<StartedEngine> {
  const given = process.env['TEST_DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
  if (await isAnswering(socketOf(given)))
    return { engine: { address: given }, stop: () => Promise.resolve() }
  const why = cannotStart('dockerd')
  if (why !== undefined) return none(why)
  const socket = path.join(folder, 'docker.sock')
  return startEngine(socket, 'dockerd', [
    '--host',
    `unix://${socket}`,
    '--pidfile',
    path.join(folder, 'docker.pid'),
    '--data-root',
    path.join(folder, 'docker'),
    '--exec-root',
    path.join(folder, 'exec'),
    '--log-level',
    'error',
  ])
}

/** `TEST_PODMAN_HOST`, or a Podman service in `folder`, as root on Linux. */
export async function startPodman(folder: string): Promise<StartedEngine> {
  const given = process.env['TEST_PODMAN_HOST']
  if (given !== undefined && (await isAnswering(socketOf(given))))
    return { engine: { address: given }, stop: () => Promise.resolve() }
  const why = cannotStart('podman')
  if (why !== undefined) return none(why)
  const socket = path.join(folder, 'podman.sock')
  // Limits that it may set also where the machine has taken the right to raise them; crun knows fewer cgroups than runc.
  const config = [
    '[containers]',
    'default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]',
    ...(isInstalled('runc') ? ['[engine]', 'runtime = "runc"'] : []),
  ]
  const configFile = path.join(folder, 'containers.conf')
  writeFileSync(configFile, `${config.join('\n')}\n`)
  return startEngine(
    socket,
    'podman',
    [
      '--root',
      path.join(folder, 'podman'),
      '--runroot',
      path.join(folder, 'podman-run'),
      'system',
      'service',
      '--time',
      '0',
      `unix://${socket}`,
    ],
    { CONTAINERS_CONF: configFile },
  )
}

function cannotStart(program: string): string | undefined {
  if (process.platform !== 'linux') return `${program} is for Linux`
  if (process.getuid?.() !== 0) return `${program} needs root here`
  return isInstalled(program) ? undefined : `${program} is not installed`
}

function isInstalled(program: string): boolean {
  const folders = ['/usr/sbin', '/sbin', ...(process.env['PATH'] ?? '').split(':')]
  return folders.some((folder) => existsSync(path.join(folder, program)))
}

async function startEngine(
  socket: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<StartedEngine> {
  // It ends with the tests, also if these are killed.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Podman's helpers leave files where it was started.
    cwd: path.dirname(socket),
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...env },
  })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)))
  child.once('error', (error) => (words += error.message))
  const stop = (): Promise<void> => endChild(child)
  const until = Date.now() + startMs
  while (Date.now() < until && child.exitCode === null && child.pid !== undefined) {
    if (await isAnswering(socket)) return { engine: { address: `unix://${socket}` }, stop }
    await delay(100)
  }
  await stop()
  return none(`${program} did not start: ${words.trim().split('\n').at(-1)}`)
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const limit = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await exit
  clearTimeout(limit)
}

export function socketOf(address: string): string {
  return address.replace(/^unix:\/\//, '')
}

async function isAnswering(socketPath: string): Promise<boolean> {
  return engineRequest(socketPath, 'GET', '/_ping').then(
    ({ status }) => status === 200,
    () => false,
  )
}

/** One request to an engine's API, by hand. */
export function engineRequest(
  socketPath: string,
  method: string,
  route: string,
  body: { json?: object; file?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path: route, timeout: 60_000 }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    request.once('error', reject)
    request.once('timeout', () => request.destroy(new Error('the engine did not answer')))
    if (body.file !== undefined) {
      request.setHeader('content-type', 'application/x-tar')
      createReadStream(body.file).pipe(request)
      return
    }
    if (body.json !== undefined) request.setHeader('content-type', 'application/json')
    request.end(body.json && JSON.stringify(body.json))
  })
}

export function loadImage(
  address: string,
  archive: string,
): Promise<{ status: number; text: string }> {
  return engineRequest(socketOf(address), 'POST', '/v1.41/images/load', { file: archive })
}

/** What engines have mounted below a folder, and left so: it could not be removed. */
export function unmountBelow(folder: string): void {
  if (process.platform !== 'linux') return
  const places = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((place) => place.startsWith(`${folder}/`))
  for (const place of places.toReversed()) spawnSync('umount', ['--lazy', place])
}
