import { createTwoFilesPatch } from 'diff'
import { redactPatterns } from '../telemetry/redact.ts'

/** A value behind a key that names a secret, in JSON, TOML or YAML. */
const secretValue =
  /((?:key|token|secret|password|passwd|authorization|credential)s?["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,{}"'[\]]+)/gi

/** A file in one line would come twice as a whole, and nobody reads that far. */
const maxLineLength = 1000

/**
 * What a write would change, as a unified diff; empty if nothing. What looks like a secret is masked in every line, and
 * so are `secrets`.
 */
export function fileDiff(
  file: string,
  before: string,
  after: string,
  secrets: readonly string[] = [],
): string {
  if (before === after) return ''
  const patch = createTwoFilesPatch(file, file, before, after, '', '', { context: 3 })
  const lines = patch.split('\n').slice(1)
  const forms = secrets.flatMap((one) => [one, JSON.stringify(one).slice(1, -1)])
  const known = (line: string): string =>
    forms.reduce((text, form) => text.replaceAll(form, () => '***'), line)
  return lines.map((line) => masked(shortened(known(line)))).join('\n')
}

function shortened(line: string): string {
  return line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line
}

function masked(line: string): string {
  return redactPatterns(line.replace(secretValue, '$1"***"'))
}
