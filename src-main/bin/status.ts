import { z } from 'zod'
import { GatewayError } from '../../src-shared/errors.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'

const server = z.object({
  id: z.string(),
  status: z.string(),
  reason: z.string(),
  started_at: z.string().nullable(),
  request_count: z.number(),
  error_count: z.number(),
})

export type ServerRow = z.infer<typeof server>

const answerLimitMs = 5_000

/** Asks the running gateway for its servers. Throws GatewayError. */
export async function fetchServers(info: GatewayInfo, key: string): Promise<ServerRow[]> {
  const url = new URL('/servers', info.url)
  // An address that means every interface is none to connect to.
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.hostname === '[::]') url.hostname = '[::1]'
  const { status, body } = await get(url, key)
  if (status !== 200)
    throw new GatewayError(
      'internal',
      `The gateway at ${info.url} answered with HTTP ${status}: ${body.slice(0, 300)}`,
    )
  return z.array(server).parse(JSON.parse(body))
}

function get(url: URL, key: string): Promise<{ status: number; body: string }> {
  const client =
    url.protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(
        new GatewayError(
          'internal',
          `The gateway at ${url.origin} does not answer: ${error.message}`,
          { cause: error },
        ),
      )
    const headers = { authorization: `Bearer ${key}` }
    const request = client.get(url, { headers, agent: false, timeout: answerLimitMs }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => (body += part))
      answer.on('error', failed)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    request.on('timeout', () =>
      request.destroy(new Error(`nothing came within ${answerLimitMs / 1000} seconds`)),
    )
    request.on('error', failed)
  })
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
