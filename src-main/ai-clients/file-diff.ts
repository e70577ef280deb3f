import { createTwoFilesPatch } from 'diff'
import { redactPatterns } from '../telemetry/redact.ts'

/** A value behind a key that names a secret, in JSON, TOML or YAML. */
const secretValue =
  /((?:key|token|secret|password|passwd|authorization|credential)s?["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,{}"'[\]]+)/gi

/** What a write would change, as a unified diff; empty if nothing. What looks like a secret is masked in every line. */
export function fileDiff(file: string, before: string, after: string): string {
  if (before === after) return ''
  const patch = createTwoFilesPatch(file, file, before, after, '', '', { context: 3 })
  const lines = patch.split('\n').slice(1)
  return lines.map((line) => redactPatterns(line.replace(secretValue, '$1"***"'))).join('\n')
}
