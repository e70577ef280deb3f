/**
 * Where the gateway keeps its state on each system, and what the files in it are called. The shim bundles this file:
 * no dependencies, and nothing of Node is loaded before it is needed.
 */
import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { GatewayError } from '../src-shared/errors.ts'

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  homedir: string
}

/** `override` is what `--state-dir` or the config's `state_dir` says; next comes `MCP_GATEWAY_STATE_DIR`. */
export function stateDir({ env, platform, homedir }: Surroundings, override?: string): string {
  const asked = override ?? (env['MCP_GATEWAY_STATE_DIR'] || undefined)
  if (asked !== undefined) return path.resolve(asked)
  switch (platform) {
    case 'win32':
      return path.join(
        env['LOCALAPPDATA'] || path.join(homedir, 'AppData', 'Local'),
        'mcp-gateway',
        'state',
      )
    case 'darwin':
      return path.join(homedir, 'Library', 'Application Support', 'mcp-gateway', 'state')
    default: {
      // The XDG specification wants relative paths to be ignored.
      const base = env['XDG_STATE_HOME']
      return path.join(
        base !== undefined && path.isAbsolute(base) ? base : path.join(homedir, '.local', 'state'),
        'mcp-gateway',
      )
    }
  }
}

/** The state directory of a private gateway: `gateway-stdio --catalog PATH` starts one for each catalog. */
export function privateStateDir(dir: string, catalogPath: string): string {
  return path.join(dir, 'private', shortHash(catalogPath))
}

export interface StateFiles {
  dir: string
  /** The generated API key, 0600. */
  key: string
  /** Unix socket or named pipe that the shim connects to. */
  socket: string
  /** Held by the one gateway of this directory for as long as it lives. */
  lock: string
  /** Held by the shim that is starting the gateway. */
  startLock: string
  /** What runs: pid, start time, url, version. */
  info: string
  /** Standard output and error of a gateway that a shim started. */
  log: string
}

/** How `gateway-http` ends when another gateway holds the directory already. */
export const alreadyRunningExitCode = 3

/** `sun_path` has room for 104 bytes on macOS and 108 on Linux, the final zero included. */
const maxSocketPathBytes = 100

/** The paths of one state directory. Pure; `prepareFolder` makes the folders. */
export function stateFiles(
  dir: string,
  platform: NodeJS.Platform = process.platform,
  uid = process.getuid?.() ?? 0,
): StateFiles {
  const inDir = (name: string): string => path.join(dir, name)
  return {
    dir,
    key: inDir('key'),
    socket: socketPath(dir, platform, uid),
    lock: inDir('gateway.lock'),
    startLock: inDir('start.lock'),
    info: inDir('gateway.json'),
    log: inDir('gateway.log'),
  }
}

function socketPath(dir: string, platform: NodeJS.Platform, uid: number): string {
  if (platform === 'win32') return `\\\\.\\pipe\\mcp-gateway-${shortHash(dir.toLowerCase())}`
  const direct = path.join(dir, 'gateway.sock')
  if (Buffer.byteLength(direct) <= maxSocketPathBytes) return direct
  // Not $TMPDIR or $XDG_RUNTIME_DIR: AI clients hand their servers a trimmed environment, and the shim must find
  // the same path as the gateway.
  return `/tmp/mcp-gateway-${uid}/${shortHash(dir)}.sock`
}

/** A pipe's name does not hold the user's, but the directory's path does. */
function shortHash(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/**
 * Makes a folder that only this user can enter, or checks one that is there. `strict`: the folder lies where anybody
 * can write, so that it must be ours alone and no symbolic link. Throws GatewayError `forbidden`.
 */
export function prepareFolder(folder: string, strict = false): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const uid = process.getuid?.()
  if (uid === undefined) return
  const found = strict ? lstatSync(folder) : statSync(folder)
  if (!found.isDirectory()) throw refuse(folder, 'it is not a folder')
  if (found.uid === uid) {
    if ((found.mode & 0o077) === 0) return
    if ((found.mode & 0o1000) !== 0) throw refuse(folder, 'everybody can write to it')
    chmodSync(folder, 0o700)
    return
  }
  // A folder of root's that we may write to is how containers mount a volume.
  if (strict || found.uid !== 0)
    throw refuse(folder, `it belongs to another user (uid ${found.uid})`)
}

/** Makes and checks the folders of the state directory and of its socket. Throws GatewayError `forbidden`. */
export function prepareStateDir(files: StateFiles): void {
  prepareFolder(files.dir)
  const isPipe = files.socket.startsWith('\\\\')
  const folder = path.dirname(files.socket)
  if (!isPipe && folder !== files.dir) prepareFolder(folder, true)
}

function refuse(folder: string, why: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `The folder ${folder} cannot hold the gateway's state: ${why}. Choose another one with --state-dir.`,
  )
}
