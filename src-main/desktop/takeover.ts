import { setTimeout as delay } from 'node:timers/promises'
import { askToRetire } from '../http/socket.ts'
import { takeLock } from '../process-lock.ts'
import type { ProcessLock } from '../process-lock.ts'
import type { StateFiles } from '../state-dir.ts'

/** A shim that is starting a gateway is done, or has given up, within this. */
const startLockLimitMs = 16_000

/**
 * Asks the gateway that a shim has started to end: it finishes what is in flight, and tells its shims to hold what is
 * new for the next one. Through its socket, so that it is asked and no other process with its number, and on Windows
 * too, which has no SIGTERM. Returns the lock under which shims start gateways, so that they wait for ours instead;
 * release it when ours listens. A gateway that stays is found so when its state directory is claimed.
 */
export async function askToLeave(files: StateFiles): Promise<ProcessLock> {
  const lock = await holdStarts(files)
  await askToRetire(files.socket)
  return lock
}

async function holdStarts(files: StateFiles): Promise<ProcessLock> {
  const deadline = performance.now() + startLockLimitMs
  for (;;) {
    const lock = takeLock(files.startLock)
    if (!('heldBy' in lock)) return lock
    // Held by nobody that ends: we go on without, and at worst ask a second gateway to leave.
    if (performance.now() > deadline) return { release() {} }
    await delay(50)
  }
}
