import { access } from 'node:fs/promises'
import path from 'node:path'
import {
  isBorrowedNetwork,
  memoryBytes,
  volumePattern,
} from '../../src-shared/container-notation.ts'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { fullName } from './engine.ts'

/** Far above what a server needs, far below what would stop the machine. Threads count. */
const pidsLimit = 512

export interface ContainerPlan {
  serverId: string
  runtime: DockerRuntime
  env: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
  /** `SOURCE:TARGET[:OPTIONS]`, sources as the engine sees them. */
  binds: readonly string[]
  /** The network to join; undefined: the engine's bridge. */
  network: string | undefined
  /** False where the engine has no init program. */
  hasInit: boolean
  /** `transport: http`: publish the port on the engine's loopback. */
  isPublished: boolean
}

/** The body of the API's `POST /containers/create`. Throws GatewayError `server_failed`. */
export function containerOptions(plan: ContainerPlan): Readonly<Record<string, unknown>> {
  const { runtime, network, isPublished } = plan
  const isPipe = runtime.transport === 'stdio'
  const portName = `${runtime.port}/tcp`
  const memory = memoryLimit(plan.serverId, runtime.memory)
  return {
    Image: fullName(runtime.image),
    ...(runtime.args.length > 0 && { Cmd: runtime.args }),
    Env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    ...(runtime.user !== undefined && { User: runtime.user }),
    Labels: plan.labels,
    AttachStdin: isPipe,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: isPipe,
    // The server's input ends with us, and so does a server that heeds that, whatever becomes of the gateway.
    StdinOnce: isPipe,
    Tty: false,
    ...(isPublished && { ExposedPorts: { [portName]: {} } }),
    HostConfig: {
      Binds: plan.binds,
      ...(network !== undefined && { NetworkMode: network }),
      ...(isPublished && { PortBindings: { [portName]: [{ HostIp: '127.0.0.1', HostPort: '' }] } }),
      // Beyond it the kernel ends the server: swapping instead would slow down everything else.
      ...(memory !== undefined && { Memory: memory, MemorySwap: memory }),
      ...(runtime.cpus !== undefined && { NanoCpus: Math.round(runtime.cpus * 1e9) }),
      ReadonlyRootfs: runtime.read_only,
      ...(runtime.read_only && { Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777' } }),
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: pidsLimit,
      ...(plan.hasInit && { Init: true }),
      // What it says goes to us; kept by the engine, every message would be on its disk.
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      // Podman has a name of its own for the host.
      ...(runtime.engine === 'docker' &&
        !isBorrowedNetwork(network) && { ExtraHosts: ['host.docker.internal:host-gateway'] }),
    },
  }
}

function memoryLimit(serverId: string, text: string | undefined): number | undefined {
  const bytes = memoryBytes(text)
  if (text !== undefined && bytes === undefined)
    throw wrong(serverId, 'memory', text, 'Write `512m` or `2g`.')
  return bytes
}

export interface Volume {
  /** A path, absolute; or the name of a volume. */
  source: string
  target: string
  /** `ro`, …; empty for none. */
  options: string
  isPath: boolean
  /** It was written relative to the catalog, or to the home directory. */
  isOurs: boolean
}

/** Relative sources start from the catalog's folder. Throws GatewayError `server_failed`. */
export function readVolumes(
  serverId: string,
  volumes: readonly string[],
  baseDir: string,
  homedir: string,
): Volume[] {
  return volumes.map((text) => {
    const match = volumePattern.exec(text)
    if (match === null)
      throw wrong(serverId, 'volumes', text, 'Write `SOURCE:/path` or `SOURCE:/path:ro`.')
    const [, written = '', target = '', options = ''] = match
    const fromHome = written === '~' || written.startsWith('~/')
    const source = fromHome ? path.join(homedir, written.slice(1)) : written
    const isPath = /^\.{1,2}(?:$|[\\/])/.test(source) || path.isAbsolute(source)
    if (!isPath && /[\\/]/.test(source))
      throw wrong(
        serverId,
        'volumes',
        text,
        `For a folder beside the catalog write \`./${source}\`.`,
      )
    return {
      source: isPath ? path.resolve(baseDir, source) : source,
      target,
      options,
      isPath,
      isOurs: isPath && !path.isAbsolute(written),
    }
  })
}

/** An engine makes a missing folder, as root: most often the name is wrong. Throws GatewayError `server_failed`. */
export async function checkSources(serverId: string, volumes: readonly Volume[]): Promise<void> {
  for (const { source, isPath } of volumes) {
    if (!isPath) continue
    await access(source).catch((cause: unknown) => {
      throw new GatewayError(
        'server_failed',
        `${serverId}: ${source}, which one of its \`volumes\` names, does not exist. Create it, or correct the path.`,
        { cause },
      )
    })
  }
}

function wrong(serverId: string, key: string, text: string, hint: string): GatewayError {
  return new GatewayError(
    'server_failed',
    `${serverId}: \`${key}\` is not valid: '${text.slice(0, 80)}'. ${hint}`,
  )
}
