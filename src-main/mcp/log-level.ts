/** RFC 5424 severities, most verbose first (2025-11-25 server/utilities/logging). */
export const logLevels = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const

export type McpLogLevel = (typeof logLevels)[number]

export function isLogLevel(text: string | undefined): text is McpLogLevel {
  return logLevels.some((level) => level === text)
}

/** True if a message of this level is wanted by who asked for `threshold`; nobody asked: false. */
export function isAtLeast(level: string | undefined, threshold: McpLogLevel | undefined): boolean {
  if (threshold === undefined) return false
  return !isLogLevel(level) || logLevels.indexOf(level) >= logLevels.indexOf(threshold)
}
