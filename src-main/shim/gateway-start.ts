import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { takeLock } from '../process-lock.ts'
import { alreadyRunningExitCode, prepareStateDir } from '../state-dir.ts'
import type { StateFiles } from '../state-dir.ts'
import { pause } from './carrier.ts'
import type { Demand, ShimLog } from './carrier.ts'
import { ChunkReader } from './chunk-reader.ts'
import { monotonicMs } from './monotonic.ts'

export interface GatewayStart {
  files: StateFiles
  /** The program `gateway-http`. */
  program: string
  /** For a private gateway. */
  catalogPath?: string
  homedir: string
  env: NodeJS.ProcessEnv
  log: ShimLog
}

/** A connection whose bytes go to the reader, not to listeners of `data`. */
export interface GatewayPipe {
  socket: net.Socket
  reader: ChunkReader
}

/** From the moment that somebody wants the gateway to its socket. */
const startLimitMs = 15_000

/**
 * A connection to the gateway of this state directory, which is started if there is demand and none runs. `graceMs`:
 * how long a gateway that somebody else starts may take to come back first. Rejects with an Error for people.
 */
export async function reachGateway(
  start: GatewayStart,
  demand: Demand,
  graceMs: number,
  signal: AbortSignal,
): Promise<GatewayPipe> {
  const graceUntil = monotonicMs() + graceMs
  let wait = 20
  let deadline = Infinity
  while (!signal.aborted) {
    const socket = await connectTo(start.files.socket)
    if (socket !== undefined) return socket
    if (!demand.wanted) {
      wait = Math.min(wait * 2, 5_000)
      await demand.pause(wait)
      continue
    }
    if (deadline === Infinity) deadline = monotonicMs() + startLimitMs
    if (monotonicMs() > deadline) throw tooLate(start)
    if (monotonicMs() < graceUntil) {
      await pause(50)
      continue
    }
    const started = await startUnderLock(start, deadline)
    if (started !== undefined) return started
    await pause(25)
  }
  throw new Error('The client has gone.')
}

/** Undefined if nobody answers there. */
async function connectTo(path: string): Promise<GatewayPipe | undefined> {
  return new Promise((resolve, reject) => {
    const reader = new ChunkReader()
    const socket = net.connect({ path, onread: reader.onread })
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve({ socket, reader })
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM')
        reject(new Error(`The gateway's socket ${path} belongs to another user. ${error.message}`))
      else resolve(undefined)
    })
  })
}

/** Undefined if another shim is starting it, or somebody else's gateway has just come up. */
async function startUnderLock(
  start: GatewayStart,
  deadline: number,
): Promise<GatewayPipe | undefined> {
  const { files } = start
  prepareStateDir(files)
  const lock = takeLock(files.startLock)
  if ('heldBy' in lock) return undefined
  try {
    const late = await connectTo(files.socket)
    if (late !== undefined) return late
    const gateway = spawnGateway(start)
    for (;;) {
      await pause(15)
      const socket = await connectTo(files.socket)
      if (socket !== undefined) return socket
      if (gateway.exitCode === alreadyRunningExitCode) return undefined
      if (gateway.exitCode !== undefined) throw ended(start, gateway)
      if (monotonicMs() > deadline) throw tooLate(start)
    }
  } finally {
    lock.release()
  }
}

interface SpawnedGateway {
  /** Undefined as long as it runs. */
  exitCode: number | string | undefined
  /** Where its part of the log begins. */
  logStart: number
}

const maxLogBytes = 5 * 1024 * 1024

/**
 * Detached, so that it outlives this client; in the home directory, so that nothing of the folder that the AI client
 * works in is read (it may be a cloned repository).
 */
function spawnGateway(start: GatewayStart): SpawnedGateway {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { files, log } = start
  const logFile = openLog(files.log)
  const args = [start.program, '--spawned', '--state-dir', files.dir]
  if (start.catalogPath !== undefined) args.push('--catalog', start.catalogPath)
  log('info', `No gateway is running; starting ${start.program}`)
  const gateway: SpawnedGateway = { exitCode: undefined, logStart: fstatSync(logFile).size }
  const child = spawn(process.execPath, args, {
    cwd: start.homedir,
    detached: true,
    env: gatewayEnv(start.env),
    stdio: ['ignore', logFile, logFile],
    windowsHide: true,
  })
  closeSync(logFile)
  child.on('exit', (code, signal) => {
    gateway.exitCode = code ?? signal ?? 'unknown'
  })
  child.on('error', (error) => {
    gateway.exitCode = error.message
  })
  child.unref()
  return gateway
}

function gatewayEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { ...env }
  // This client's token is not the gateway's key, and its debugger is not the gateway's.
  delete own['MCP_GATEWAY_API_KEY']
  delete own['MCP_GATEWAY_STATE_DIR']
  delete own['NODE_OPTIONS']
  delete own['PWD']
  delete own['OLDPWD']
  if (process.versions['electron'] !== undefined) own['ELECTRON_RUN_AS_NODE'] = '1'
  return own
}

function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes)
    renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}

function tooLate({ files }: GatewayStart): Error {
  return new Error(
    `The gateway did not answer within ${startLimitMs / 1000} seconds. See its log: ${files.log}`,
  )
}

function ended({ files }: GatewayStart, gateway: SpawnedGateway): Error {
  const { exitCode, logStart } = gateway
  const said = readFileSync(files.log).subarray(logStart).toString('utf8').trim()
  const tail = said.split('\n').slice(-5).join('\n').slice(-2_000)
  return new Error(
    `The gateway could not be started (exit code ${exitCode}).${tail === '' ? '' : ` It said:\n${tail}\n`} Its log: ${files.log}`,
  )
}

/** Beside the shim: `gateway-http.cjs` of the same build, or the source when run from there. */
export function siblingGateway(shim: string): string {
  return path.join(path.dirname(shim), `gateway-http${path.extname(shim)}`)
}
