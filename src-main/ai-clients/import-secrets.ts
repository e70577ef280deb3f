import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import type { FoundSecret } from '../../src-shared/client-import.ts'
import { maxSecretLength } from '../../src-shared/secret-notation.ts'
import { entryFrom } from '../catalog/snippet.ts'
import { isOpenValue, namesSecret, secretSpans } from './secret-forms.ts'
import type { SecretSpan } from './secret-forms.ts'

/** A secret that is written out in an entry. */
export interface LiteralSecret {
  place: FoundSecret['place']
  where: string
  /** The wanted name; somebody may have it already. */
  name: string
  value: string
  /** The text that it is a part of: keys from the entry's top. */
  path: readonly (string | number)[]
  start: number
  end: number
}

/** Names that any server might use: the server's own comes before them. */
const generic =
  /^(?:(?:X_)?(?:ACCESS|API|APP|AUTH|AUTHORIZATION|BEARER|CLIENT|KEY|PASSWORD|PASSWD|PWD|SECRET|TOKEN|CODE|SIG|URL|PASS|CREDENTIALS?)_?)+$/

/** Every secret that stands in an entry of the catalog as it is, in the entry's order. */
export function literalSecrets(entry: JsonRecord): LiteralSecret[] {
  const found: LiteralSecret[] = []
  const id = String(entry['id'])
  const runtime = isRecord(entry['runtime']) ? entry['runtime'] : {}
  const add = (
    text: string,
    spans: readonly SecretSpan[],
    path: LiteralSecret['path'],
    place: FoundSecret['place'],
    where: string,
    named: string,
  ): void => {
    for (const { start, end, hint } of spans) {
      // `$${` in the catalog is what the client has as `${`.
      const value = text.slice(start, end).replaceAll('$${', '${')
      if (value.length > maxSecretLength) continue
      const own = upperSnake(named)
      const wanted = hint === undefined ? own || 'KEY' : upperSnake(`${named}_${hint}`)
      const name = generic.test(wanted) ? `${upperSnake(id)}_${wanted}` : wanted
      const part = hint === undefined || hint === 'url_key' ? where : `${where}, ${hint}`
      found.push({ place, where: part, name: name.slice(0, 120), value, path, start, end })
    }
  }
  if (typeof runtime['url'] === 'string')
    add(
      runtime['url'],
      secretSpans(runtime['url'], undefined),
      ['runtime', 'url'],
      'url',
      'address',
      '',
    )
  for (const [name, text] of texts(runtime['headers'])) {
    const named = /^(?:proxy-)?authorization$/i.test(name) ? 'token' : name
    add(
      text,
      secretSpans(text, headerName(name)),
      ['runtime', 'headers', name],
      'header',
      name,
      named,
    )
  }
  const args = Array.isArray(runtime['args']) ? runtime['args'] : []
  for (const [at, arg] of args.entries())
    if (typeof arg === 'string') {
      const { spans, option } = argumentSpans(arg, args[at - 1])
      add(
        arg,
        spans,
        ['runtime', 'args', at],
        'argument',
        option,
        option === 'argument' ? '' : option,
      )
    }
  for (const [name, text] of texts(entry['env']))
    add(text, secretSpans(text, name), ['env', name], 'variable', name, name)
  return found
}

/** The secrets that stand in a client's entry, as they stand there. */
export function secretsIn(name: string, value: unknown): string[] {
  if (!isRecord(value)) return []
  const rules = { taken: new Set<string>(), syntax: 'literal' as const }
  const made = entryFrom(name, value, rules)
  return made === undefined ? [] : literalSecrets(made.entry).map((one) => one.value)
}

/** The entry with each secret as `${secret:NAME}`, by the names that were found for them. */
export function withSecretNames(
  entry: JsonRecord,
  secrets: readonly (LiteralSecret & { name: string })[],
): JsonRecord {
  const copy: JsonRecord = structuredClone(entry)
  // From the last to the first, so that the places of the others stay.
  for (const { path, start, end, name } of secrets.toReversed()) {
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((value, key) => Reflect.get(Object(value), key), copy)
    const key = path.at(-1) ?? ''
    const text: unknown = Reflect.get(Object(holder), key)
    if (typeof text === 'string')
      Reflect.set(
        Object(holder),
        key,
        `${text.slice(0, start)}\${secret:${name}}${text.slice(end)}`,
      )
  }
  return copy
}

/** `--api-key x`, `--api-key=x`, `-e NAME=x`, `--header "Authorization: Bearer x"`, or what looks like a key by itself. */
function argumentSpans(arg: string, before: unknown): { spans: SecretSpan[]; option: string } {
  const joined = /^(--?[A-Za-z][\w.-]*|[A-Za-z_]\w*)=(.*)$/s.exec(arg)
  if (joined !== null) {
    const [, option = '', value = ''] = joined
    const header = /^--?h(?:eader)?$/i.test(option) ? headerSpans(value) : undefined
    const { spans, name } = header ?? { spans: secretSpans(value, option), name: option }
    return { spans: shifted(spans, option.length + 1), option: name }
  }
  const header = headerSpans(arg)
  if (header !== undefined) return { spans: header.spans, option: header.name }
  const isOption = typeof before === 'string' && /^--?[A-Za-z][\w.-]*$/.test(before)
  if (isOption && !arg.startsWith('-') && namesSecret(before) && !isOpenValue(arg))
    return { spans: secretSpans(arg, before), option: before }
  return { spans: secretSpans(arg, undefined), option: 'argument' }
}

function headerSpans(arg: string): { spans: SecretSpan[]; name: string } | undefined {
  const header = /^([A-Za-z][\w-]*):(?!\/\/)\s*(?=\S)/.exec(arg)
  if (header === null || /^[A-Za-z]:[\\/]/.test(arg)) return undefined
  const [all, name = ''] = header
  const spans = shifted(secretSpans(arg.slice(all.length), headerName(name)), all.length)
  return { spans, name: /^authorization$/i.test(name) ? 'token' : name }
}

/** Of headers, more names are secret than of variables. */
function headerName(name: string): string {
  return /^(?:proxy-)?authorization$|^(?:set-)?cookie$|^x-.*auth/i.test(name) ? 'token' : name
}

function shifted(spans: readonly SecretSpan[], by: number): SecretSpan[] {
  return spans.map((span) => ({ ...span, start: span.start + by, end: span.end + by }))
}

function texts(value: unknown): [string, string][] {
  if (!isRecord(value)) return []
  return Object.entries(value).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
}

function upperSnake(text: string): string {
  return text
    .replace(/^-+/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toUpperCase()
}
