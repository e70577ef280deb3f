import { setTimeout as delay } from 'node:timers/promises'
import { lockHolder, takeLock } from '../process-lock.ts'
import type { ProcessLock } from '../process-lock.ts'
import type { StateFiles } from '../state-dir.ts'

/** A shim that is starting a gateway is done, or has given up, within this. */
const startLockLimitMs = 16_000

/**
 * Asks the gateway that a shim has started to end: it finishes what is in flight, and tells its shims to hold what is
 * new for the next one. Returns the lock under which shims start gateways, so that they wait for ours instead;
 * release it when ours listens.
 */
export async function askToLeave(files: StateFiles): Promise<ProcessLock> {
  const lock = await holdStarts(files)
  const holder = lockHolder(files.lock)
  if (holder !== undefined) {
    try {
      // The holder's start time has just been compared: this is no later process with its number.
      process.kill(holder.pid, 'SIGTERM')
    } catch {
      // It has just ended.
    }
  }
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
