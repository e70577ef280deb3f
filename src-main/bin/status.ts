import { z } from 'zod'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { askGateway, unexpected } from './gateway-request.ts'

const server = z.object({
  id: z.string(),
  status: z.string(),
  reason: z.string(),
  started_at: z.string().nullable(),
  request_count: z.number(),
  error_count: z.number(),
})

export type ServerRow = z.infer<typeof server>

/** Asks the running gateway for its servers. Throws GatewayError. */
export async function fetchServers(info: GatewayInfo, key: string): Promise<ServerRow[]> {
  const answer = await askGateway(new URL('/servers', info.url), key)
  if (answer.status !== 200) throw unexpected(info.url, answer)
  return z.array(server).parse(JSON.parse(answer.body))
}

/** Aligned columns; the last one is as wide as it wants. */
export function statusTable(servers: readonly ServerRow[], now = Date.now()): string {
  if (servers.length === 0) return 'The catalog names no servers.\n'
  const rows = [
    ['SERVER', 'STATUS', 'UPTIME', 'REQUESTS', 'ERRORS', 'REASON'],
    ...servers.map((row) => [
      row.id,
      row.status,
      row.started_at === null ? '-' : duration(now - Date.parse(row.started_at)),
      String(row.request_count),
      String(row.error_count),
      row.reason,
    ]),
  ]
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const isNumber = (at: number): boolean => at === 3 || at === 4
  const lines = rows.map((row) =>
    row
      .map((cell, at) =>
        isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** The two largest units: `3d 4h`, `12m 5s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = units.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  return units
    .slice(first, first + 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}
