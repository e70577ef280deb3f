/** How long nobody must have used a gateway that a shim started, before it ends. */
const defaultQuietSeconds = 60

/**
 * Calls `onQuiet` once it has been quiet for a while, without a break at any look. `MCP_GATEWAY_QUIET_SECONDS`
 * shortens or lengthens the while. Does not keep the process alive.
 */
export function watchForQuiet(isQuiet: () => boolean, onQuiet: () => void): void {
  const seconds = Number(process.env['MCP_GATEWAY_QUIET_SECONDS'] ?? defaultQuietSeconds)
  const limitMs = (Number.isFinite(seconds) && seconds > 0 ? seconds : defaultQuietSeconds) * 1000
  let since = performance.now()
  const timer = setInterval(
    () => {
      const now = performance.now()
      if (!isQuiet()) since = now
      else if (now - since >= limitMs) {
        clearInterval(timer)
        onQuiet()
      }
    },
    Math.min(1_000, limitMs / 4),
  )
  timer.unref()
}
