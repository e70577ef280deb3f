import os from 'node:os'
import path from 'node:path'
import { styleText } from 'node:util'
import type { ClientCheck, ClientPreview, ClientRow } from '../../src-shared/api-clients.ts'

/** Something of it is here. */
export function isOfInterest({ found, connections }: ClientRow): boolean {
  return found || connections.length > 0
}

/** `gateway clients list`, for eyes; `known`: how many clients the table has. */
export function listText(rows: readonly ClientRow[], known: number): string {
  if (rows.length === 0)
    return `No AI client was found here. gateway clients list --all shows the ${known} that are known.\n`
  return table([
    ['CLIENT', 'NAME', 'STATE', 'FILE'],
    ...rows.map((row) => [
      row.id,
      row.name,
      stateOf(row),
      shortPath(row.file) ?? row.problem ?? '-',
    ]),
  ])
}

function stateOf({ connections, found, problem }: ClientRow): string {
  if (connections.length > 0)
    return `connected (${[...new Set(connections.map(({ kind }) => kind))].join(', ')})`
  if (!found) return 'not found'
  return problem === null ? 'not connected' : 'cannot be connected'
}

/** `gateway clients preview`, for eyes. */
export function previewText(preview: ClientPreview): string {
  const lines = [
    `File: ${preview.file}${preview.file_exists ? '' : ' (is made)'}`,
    '',
    ...(preview.diff === '' ? [] : [colouredDiff(preview.diff), '']),
    ...preview.warnings.map((text) => `Mind: ${text}`),
    ...preview.alternatives.map(({ via, text, note, preferred }) =>
      via === 'cli'
        ? `${preferred ? 'Better' : 'Or'}: --via cli. ${note}\n  ${text}`
        : `Or: ${note}\n  ${text}`,
    ),
    ...(preview.restart === null ? [] : [`Afterwards: ${preview.restart}`]),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

/** `gateway clients check`, for eyes. */
export function checkText(check: ClientCheck): string {
  const tools =
    check.tools === null
      ? 'not known'
      : `${check.tools}${check.tool_limit === null ? '' : ` of at most ${check.tool_limit}`}, about ${check.tokens ?? 0} tokens`
  const lines = [
    check.id,
    ...check.files.map(
      ({ file, is_read, entry, others }) =>
        `  ${is_read ? 'reads' : 'ignores'} ${file}: entry ${entry}${others.length === 0 ? '' : `, others: ${others.join(', ')}`}`,
    ),
    `  tools: ${tools}`,
    `  last seen: ${check.last_seen ?? 'never, as far as is known'}`,
    ...check.problems.map((text) => `  ! ${text}`),
  ]
  return `${lines.join('\n')}\n`
}

function colouredDiff(diff: string): string {
  const isPlain = process.stdout.isTTY !== true || (process.env['NO_COLOR'] ?? '') !== ''
  if (isPlain) return diff.trimEnd()
  const colour = (line: string): string => {
    if (line.startsWith('+')) return styleText('green', line)
    if (line.startsWith('-')) return styleText('red', line)
    return line.startsWith('@@') ? styleText('cyan', line) : line
  }
  return diff.trimEnd().split('\n').map(colour).join('\n')
}

/** Aligned columns; the last one is as wide as it wants. */
function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function shortPath(file: string | null): string | null {
  const home = os.homedir()
  return file?.startsWith(home + path.sep) === true ? `~${file.slice(home.length)}` : file
}

/** For programs. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
