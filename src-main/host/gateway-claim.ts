import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../../src-shared/errors.ts'
import { answers } from '../http/socket.ts'
import { lockHolder, takeLock } from '../process-lock.ts'
import type { ProcessLock } from '../process-lock.ts'
import { prepareStateDir } from '../state-dir.ts'
import type { StateFiles } from '../state-dir.ts'

/** What `gateway.json` says of the gateway that runs. */
export interface GatewayInfo {
  pid: number
  started_at: string
  url: string
  version: string
  /** By a shim: it ends when nobody uses it. */
  spawned: boolean
  catalog: string
}

/** Another gateway holds the state directory. */
export class AlreadyRunningError extends GatewayError {
  constructor(message: string) {
    super('conflict', message)
  }
}

/** A gateway that is stopping drains for ten seconds and ends its servers in five. */
const stoppingLimitMs = 16_000

/**
 * Makes this process the one gateway of the state directory. One that is just stopping is waited for. Throws
 * AlreadyRunningError, naming process and address of the one that runs.
 */
export async function claimStateDir(files: StateFiles): Promise<ProcessLock> {
  prepareStateDir(files)
  const deadline = performance.now() + stoppingLimitMs
  for (;;) {
    const lock = takeLock(files.lock)
    if (!('heldBy' in lock)) return lock
    if ((await answers(files.socket)) || performance.now() > deadline) {
      const { pid } = lock.heldBy
      const info = readInfo(files)
      const at = info?.pid === pid ? ` at ${info.url}` : ''
      throw new AlreadyRunningError(
        `A gateway runs already: process ${pid}${at}, with its state in ${files.dir}. ` +
          'Use that one, stop it, or choose another folder with --state-dir.',
      )
    }
    await delay(50)
  }
}

/** What the living gateway of this directory says of itself; undefined if none runs, whatever a file says. */
export function runningGateway(files: StateFiles): GatewayInfo | undefined {
  const info = readInfo(files)
  const holder = lockHolder(files.lock)
  return info !== undefined && holder?.pid === info.pid ? info : undefined
}

/** Written whole or not at all; it holds no secret, but it is nobody else's business either. */
export function writeInfo(files: StateFiles, info: GatewayInfo): void {
  const draft = `${files.info}.${process.pid}`
  fs.writeFileSync(draft, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 })
  fs.renameSync(draft, files.info)
}

export function removeInfo(files: StateFiles): void {
  fs.rmSync(files.info, { force: true })
}

/** Undefined if no gateway has written it, or not as we do. It may be of one that was killed. */
function readInfo(files: StateFiles): GatewayInfo | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(files.info, 'utf8'))
    return isInfo(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isInfo(value: unknown): value is GatewayInfo {
  if (typeof value !== 'object' || value === null) return false
  const info: Partial<Record<keyof GatewayInfo, unknown>> = value
  return (
    typeof info.pid === 'number' &&
    ['url', 'started_at', 'version', 'catalog'].every(
      (key) => typeof Reflect.get(value, key) === 'string',
    )
  )
}
