/** Fewer sessions than this leave nothing behind that is worth a pause. */
const leastSessions = 200
const lookMs = 1_000
/** Looks without a change: people who close many clients, or a restart of them, are not interrupted. */
const calmLooks = 5

/**
 * Collects garbage once, thoroughly, when many sessions have ended and no more come or go: V8 would keep the memory
 * that they took until its next own collection, which a gateway that has fallen quiet may not see for hours. It takes
 * some tens of milliseconds. Does not keep the process alive.
 */
export function giveMemoryBack(countSessions: () => number): void {
  let most = 0
  let last = 0
  let calm = 0
  const timer = setInterval(() => {
    const count = countSessions()
    most = Math.max(most, count)
    calm = count === last ? calm + 1 : 0
    last = count
    if (calm < calmLooks || most - count < leastSessions) return
    most = count
    collect()
  }, lookMs)
  timer.unref()
}

function collect(): void {
  // Not imported: most gateways never come here, and each start would pay for it.
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc')
  if (typeof gc === 'function') gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
