import { cpus, loadavg, release } from 'node:os'
import type { Figures } from './figures.ts'
import type { Verdict } from './goals.ts'

/** Columns padded to their widest cell; all but the first to the right. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const [head = [], ...body] = rows
  return [line(head), widths.map((width) => '─'.repeat(width)).join('──'), ...body.map(line)].join(
    '\n',
  )
}

function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(value < 10 ? 2 : 1)
}

/** Columns of the table of calls: heading, figure, whether its ratio to the floor stands beside it. */
const callColumns: [heading: string, figure: string, ratio: boolean][] = [
  ['raw p50 ms', 'raw p50, ms', true],
  ['p99', 'raw p99, ms', false],
  ['calls/s ×16', 'raw calls/s at 16 parallel', true],
  ['µs CPU', 'processor, µs a call', true],
  ['SDK p50 ms', 'sdk p50, ms', true],
  ['p99', 'sdk p99, ms', false],
  ['calls/s ×16', 'sdk calls/s at 16 parallel', true],
  ['MB after', 'memory after the calls, MB', false],
]
const callFigures = callColumns.map(([, figure]) => figure)

/** The calls side by side, a row a target. `/ floor` is the median of the rounds' ratios. */
function callTable(figures: Figures): string | undefined {
  const names = new Set(callFigures.flatMap((figure) => figures.targets(figure)))
  if (names.size === 0) return undefined
  const head = callColumns.flatMap(([heading, , ratio]) =>
    ratio ? [heading, '/ floor'] : [heading],
  )
  const rows = [...names].map((name) => {
    const cells = callColumns.flatMap(([, figure, ratio]) => {
      const value = number(figures.value(figure, name))
      return ratio ? [value, number(figures.ratio(figure, name, 'floor'))] : [value]
    })
    return [name, ...cells]
  })
  return table([['a call of echo', ...head], ...rows])
}

/** Every other figure, with its ratio to the first of these that was measured. */
const bases = ['bare Node', 'floor', 'direct stdio']

function otherTables(figures: Figures): string[] {
  return Object.keys(figures.toJSON())
    .filter((figure) => !callFigures.includes(figure))
    .map((figure) => {
      const targets = figures.targets(figure)
      const base = bases.find((name) => targets.includes(name))
      const head = base === undefined ? [figure, 'median'] : [figure, 'median', `/ ${base}`]
      const rows = targets.map((name) => {
        const cells = [name, number(figures.value(figure, name))]
        return base === undefined ? cells : [...cells, number(figures.ratio(figure, name, base))]
      })
      return table([head, ...rows])
    })
}

/** How the figures were taken, for those whose name does not say it. */
const notes = `µs CPU: what the proxy's own process (not the server's) needs for a call at 16 parallel.
raw: hand-written requests over keep-alive connections; SDK: the v1 SDK's client; p50 and p99 of one call at a time.
modern → legacy: a client of 2026-07-28, a server of before it; what names no era is legacy on both sides.
start: spawn → first accepted connection (ours: 100 servers in the catalog, parsed once before); shim: spawn → answer to
initialize, from the cache; bare Node: spawn → exit of node -e ''. idle memory: resident, settled; bare Node: a waiting process.
shim p50: promised where all targets are up and take turns, as all other calls are measured; alone, nothing but the two
processes' own wake-ups is measured, and the direct call has them in its favour.
floor: test/bench/floor.ts, 20 naive lines (a long answer is gathered with buf += chunk).
sessions: each with a handshake, an open event stream and two calls. reload: every entry changed; measured in the process.
window: in a headless Chromium on the same machine; load: from the navigation to a drawn list of 101 servers, by a new
link and an empty cache, then once more; busy: the window draws each call as it comes, in turns with none open.`

const marks = { true: 'met', false: 'MISSED', undefined: 'not measured' }

export function reportText(figures: Figures, verdicts: Verdict[], failures: string[]): string {
  const goals = table([
    ['promised', 'limit', 'reached', ''],
    ...verdicts.map(({ goal, limit, reached, met, isInformation }) => [
      goal,
      limit,
      reached,
      isInformation && met !== undefined ? 'for information' : marks[`${met}`],
    ]),
  ])
  const calls = callTable(figures)
  const parts = [...(calls === undefined ? [] : [calls]), ...otherTables(figures), notes, goals]
  if (failures.length > 0)
    parts.push(`Not measured, because it failed:\n${failures.map((f) => `  ${f}`).join('\n')}`)
  return `\n${parts.join('\n\n')}\n`
}

/** What the figures depend on. */
export function machine(): object {
  const [cpu] = cpus()
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch} ${release()}`,
    cpu: cpu?.model,
    cores: cpus().length,
    load: loadavg(),
    date: new Date().toISOString(),
  }
}
