import type { LogEntry } from './log-buffer.ts'

/** A line as it is copied and exported. */
export function lineAsText({ time, serverId, source, text }: LogEntry): string {
  return `${new Date(time).toISOString()} ${serverId} ${source}: ${text}`
}

/** Name of an exported file: when it was made, in local time, and of which server if of one. */
export function exportName(now: Date, servers: ReadonlySet<string>): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const clock = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  const [only] = servers.size === 1 ? servers : []
  return `${only ?? 'servers'}-${day}-${clock}.log`
}
