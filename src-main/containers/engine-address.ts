import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { GatewayError } from '../../src-shared/errors.ts'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'

export type EngineKind = DockerRuntime['engine']

/** PEM texts of the client's side. */
interface TlsFiles {
  ca?: string
  cert?: string
  key?: string
}

export type EngineTransport =
  /** A Unix socket or a named pipe. */
  | { kind: 'socket'; path: string }
  | { kind: 'tcp'; host: string; port: number; tls?: TlsFiles & { verify: boolean } }
  /** `destination` as ssh takes it: `user@host`. */
  | { kind: 'ssh'; destination: string; port: number | undefined }

/** Where an engine answers. */
export interface EngineAddress {
  kind: EngineKind
  /** As people write it, without credentials: `unix:///var/run/docker.sock`. */
  label: string
  /** What named it, for people: `DOCKER_HOST`, `the Docker context 'x'`; empty for a default. */
  source: string
  transport: EngineTransport
  /** Its loopback and its files are this machine's. */
  isLocal: boolean
}

/** What an address is found by. */
export interface EngineSurroundings {
  lookup: (name: string) => string | undefined
  platform: NodeJS.Platform
  homedir: string
  /** Undefined where users have no numbers. */
  uid: number | undefined
}

/**
 * Docker: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, else the socket that is there. Podman: `CONTAINER_HOST`,
 * else the user's socket, else root's. Throws GatewayError `server_failed` for an address that is none.
 */
export async function findEngine(
  kind: EngineKind,
  surroundings: EngineSurroundings,
): Promise<EngineAddress> {
  const { lookup } = surroundings
  const variable = kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'
  const asked = lookup(variable) || undefined
  if (asked !== undefined)
    return parseAddress(kind, asked, variable, await tlsOfEnvironment(surroundings))
  if (kind === 'docker') {
    const context = await currentContext(surroundings)
    if (context !== undefined) return context
  }
  const places = kind === 'docker' ? dockerSockets(surroundings) : podmanSockets(surroundings)
  return parseAddress(kind, socketUrl(await firstPresent(places)), '')
}

/** Throws GatewayError `server_failed`. `label` of an address is such a text. */
export function parseAddress(
  kind: EngineKind,
  text: string,
  source: string,
  tls?: TlsFiles & { verify: boolean },
): EngineAddress {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === 'unix' || scheme === 'npipe') {
    const place = scheme === 'npipe' ? rest.replaceAll('/', '\\') : rest
    if (place !== '')
      return {
        kind,
        label: text,
        source,
        transport: { kind: 'socket', path: place },
        isLocal: true,
      }
  }
  // Schemes without a port of their own keep the one that is given.
  const url =
    scheme === 'ssh' || /^(?:tcp|https?)$/.test(scheme) ? URL.parse(`tcp://${rest}`) : null
  if (url !== null && url.hostname !== '') {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (scheme === 'ssh') {
      const user = decodeURIComponent(url.username)
      const destination = user === '' ? host : `${user}@${host}`
      // What begins with a dash would be an option of ssh.
      if (!destination.startsWith('-')) {
        const port = Number(url.port) || undefined
        const label = `ssh://${destination}${port === undefined ? '' : `:${port}`}`
        return {
          kind,
          label,
          source,
          transport: { kind: 'ssh', destination, port },
          isLocal: false,
        }
      }
    } else {
      const secure = tls ?? (scheme === 'https' ? { verify: true } : undefined)
      const port = Number(url.port) || (secure === undefined ? 2375 : 2376)
      return {
        kind,
        label: `tcp://${url.hostname}:${port}`,
        source,
        transport: { kind: 'tcp', host, port, ...(secure && { tls: secure }) },
        isLocal: host === 'localhost' || host === '::1' || host.startsWith('127.'),
      }
    }
  }
  throw new GatewayError(
    'server_failed',
    `${source === '' ? 'The address of the engine' : source} is not one that can be used: '${text.replace(/\/\/[^/@]*@/, '//***@')}'. Write unix:///path/to/docker.sock, tcp://host:2376 or ssh://user@host.`,
  )
}

/** `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as the Docker command line reads them. */
async function tlsOfEnvironment({
  lookup,
  homedir,
}: EngineSurroundings): Promise<(TlsFiles & { verify: boolean }) | undefined> {
  const verify = (lookup('DOCKER_TLS_VERIFY') ?? '') !== ''
  const folder = lookup('DOCKER_CERT_PATH') || undefined
  if (!verify && folder === undefined) return undefined
  return { verify, ...(await tlsFiles(folder ?? path.join(homedir, '.docker'))) }
}

async function tlsFiles(folder: string): Promise<TlsFiles> {
  const read = (name: string): Promise<string | undefined> =>
    readFile(path.join(folder, name), 'utf8').catch(() => undefined)
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

const dockerConfig = z.object({ currentContext: z.string().optional() })
const contextMeta = z.object({
  Endpoints: z.object({
    docker: z.object({ Host: z.string(), SkipTLSVerify: z.boolean().optional() }),
  }),
})

/** The Docker context that is in use; undefined for the default one. */
async function currentContext(
  surroundings: EngineSurroundings,
): Promise<EngineAddress | undefined> {
  const { lookup, homedir } = surroundings
  const folder = lookup('DOCKER_CONFIG') || path.join(homedir, '.docker')
  const config = await readJson(path.join(folder, 'config.json'), dockerConfig)
  const name = lookup('DOCKER_CONTEXT') || config?.currentContext
  if (name === undefined || name === '' || name === 'default') return undefined
  const id = createHash('sha256').update(name).digest('hex')
  const meta = await readJson(path.join(folder, 'contexts', 'meta', id, 'meta.json'), contextMeta)
  const source = `the Docker context '${name}'`
  if (meta === undefined)
    throw new GatewayError(
      'server_failed',
      `There is no Docker context '${name}', which is the one in use. Choose another: docker context use default.`,
    )
  const { Host: host, SkipTLSVerify: skip = false } = meta.Endpoints.docker
  const tls = await tlsFiles(path.join(folder, 'contexts', 'tls', id, 'docker'))
  const isTls = Object.keys(tls).length > 0
  return parseAddress('docker', host, source, isTls ? { verify: !skip, ...tls } : undefined)
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

function dockerSockets({ lookup, platform, homedir }: EngineSurroundings): string[] {
  if (platform === 'win32') return ['\\\\.\\pipe\\docker_engine']
  const runtime = lookup('XDG_RUNTIME_DIR') || undefined
  return [
    '/var/run/docker.sock',
    ...(runtime === undefined ? [] : [path.join(runtime, 'docker.sock')]),
    path.join(homedir, '.docker', 'run', 'docker.sock'),
    path.join(homedir, '.docker', 'desktop', 'docker.sock'),
  ]
}

function podmanSockets({ lookup, platform, homedir, uid }: EngineSurroundings): string[] {
  if (platform === 'win32') return ['\\\\.\\pipe\\podman-machine-default']
  if (platform === 'darwin')
    return [
      path.join(lookup('TMPDIR') || '/tmp', 'podman', 'podman-machine-default-api.sock'),
      path.join(homedir, '.local', 'share', 'containers', 'podman', 'machine', 'podman.sock'),
    ]
  const runtime = lookup('XDG_RUNTIME_DIR') || (uid === undefined ? undefined : `/run/user/${uid}`)
  const ours = runtime === undefined ? [] : [path.join(runtime, 'podman', 'podman.sock')]
  const roots = ['/run/podman/podman.sock']
  return uid === 0 ? [...roots, ...ours] : [...ours, ...roots]
}

/** The first that there is; the first of all if there is none. */
async function firstPresent(places: readonly string[]): Promise<string> {
  for (const place of places) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    )
    if (isThere) return place
  }
  return places[0] ?? ''
}

function socketUrl(place: string): string {
  return place.startsWith('\\\\') ? `npipe://${place.replaceAll('\\', '/')}` : `unix://${place}`
}
