import { parse, patch } from '@decimalturn/toml-patch'
import { isRecord } from '../../src-shared/json-record.ts'
import { applyChanges, TextLines } from '../catalog/text-change.ts'
import type { Container, Json } from './client-definition.ts'
import { containerOf, copyOf, entriesOf, sameData, Unfit } from './config-text.ts'
import type { ConfigText, Entry } from './config-text.ts'
import { tomlStatements } from './toml-statements.ts'
import type { TomlStatement } from './toml-statements.ts'

/** TOML, edited by whole sections. Throws Unfit. */
export function readToml(text: string): ConfigText {
  return new TomlText(text)
}

class TomlText implements ConfigText {
  readonly value: unknown
  readonly #text: string
  readonly #lines: TextLines
  readonly #statements: readonly TomlStatement[]

  constructor(text: string) {
    this.#text = text
    this.#lines = new TextLines(text)
    this.value = parsed(text)
    this.#statements = tomlStatements(text)
  }

  put(container: Container, name: string, entry: Entry): string {
    const index = entriesOf(this.value, container).findIndex((one) => one.name === name)
    const inline = this.#inlineContainer(container)
    if (inline !== undefined) return this.#patch(inline, container, name, entry)
    const section = this.#section(container, name, entry)
    if (index === -1) return this.#append(section)
    const [first, ...others] = this.#runsOf(this.#pathOf(container, name))
    if (first === undefined) throw new Unfit(`'${name}' in it has a form that cannot be edited`)
    const isWhole = this.#text.slice(first.start, first.end).startsWith('[')
    if (!isWhole) throw new Unfit(`'${name}' in it is written with dotted keys`)
    const end = this.#text[first.end - 1] === '\n' ? this.#lines.eol : ''
    return applyChanges(this.#text, [
      { start: first.start, end: first.end, text: section.join(this.#lines.eol) + end },
      ...others.map((run) => this.#removal(run)),
    ])
  }

  take(container: Container, name: string): string {
    if (!entriesOf(this.value, container).some((one) => one.name === name)) return this.#text
    const inline = this.#inlineContainer(container)
    if (inline !== undefined) return this.#patch(inline, container, name, undefined)
    const runs = this.#runsOf(this.#pathOf(container, name))
    if (runs.length === 0) throw new Unfit(`'${name}' in it has a form that cannot be edited`)
    return applyChanges(
      this.#text,
      runs.map((run) => this.#removal(run)),
    )
  }

  #pathOf(container: Container, name: string): string[] {
    if (container.kind === 'map') return [...container.path, name]
    const list = containerOf(this.value, container.path)
    const index = Array.isArray(list)
      ? list.findIndex((item: unknown) => isRecord(item) && item['name'] === name)
      : -1
    return [...container.path, String(index)]
  }

  /** `mcp_servers = { … }`: tables cannot be added to it from outside. */
  #inlineContainer({ path }: Container): TomlStatement | undefined {
    return this.#statements.find(
      (one) => one.kind === 'pair' && isPrefix(one.path, path) && one.path.length <= path.length,
    )
  }

  /** An edit within one statement; whatever else moved makes it unfit. */
  #patch(
    statement: TomlStatement,
    container: Container,
    name: string,
    entry: Entry | undefined,
  ): string {
    const wanted = copyOf(this.value)
    const holder = containerOf(wanted, container.path)
    if (container.kind === 'list' && Array.isArray(holder)) {
      const index = holder.findIndex((item: unknown) => isRecord(item) && item['name'] === name)
      if (entry === undefined) holder.splice(index, 1)
      else holder.splice(index === -1 ? holder.length : index, index === -1 ? 0 : 1, entry)
    } else if (isRecord(holder)) {
      if (entry === undefined) delete holder[name]
      else holder[name] = entry
    }
    if (!isRecord(wanted)) throw new Unfit('it is no map of keys at its top')
    const text = patch(this.#text, wanted)
    const before = this.#text.slice(0, statement.start)
    const behind = this.#text.slice(statement.end)
    if (!text.startsWith(before) || !text.endsWith(behind) || !sameData(parsed(text), wanted))
      throw new Unfit(`'${container.path.join('.')}' in it is written in one line`)
    return text
  }

  #append(section: readonly string[]): string {
    const { eol } = this.#lines
    const body = section.join(eol)
    const text = this.#text
    if (text.replace('\ufeff', '') === '') return `${text}${body}${eol}`
    return text.endsWith('\n') ? `${text}${eol}${body}${eol}` : `${text}${eol}${eol}${body}`
  }

  #section({ path, kind }: Container, name: string, entry: Entry): string[] {
    const key = [...path, ...(kind === 'map' ? [name] : [])].map(keyText).join('.')
    const pairs = Object.entries(entry).map(
      ([one, value]) => `${keyText(one)} = ${valueText(value)}`,
    )
    return [kind === 'map' ? `[${key}]` : `[[${key}]]`, ...pairs]
  }

  /** The statements below a path, with what stands between them where they follow each other. */
  #runsOf(path: readonly string[]): { start: number; end: number }[] {
    const runs: { start: number; end: number }[] = []
    let isOpen = false
    for (const one of this.#statements) {
      const isOurs = isPrefix(path, one.path) && one.path.length >= path.length
      const last = runs.at(-1)
      if (isOurs && isOpen && last !== undefined) last.end = one.end
      else if (isOurs) runs.push({ start: one.start, end: one.end })
      isOpen = isOurs
    }
    return runs
  }

  /** With the blank line above it, which set it apart. */
  #removal({ start, end }: { start: number; end: number }) {
    let from = this.#lines.lineStart(start)
    const above = from === 0 ? from : this.#lines.lineStart(from - 1)
    if (from > 0 && above < from && this.#lines.isBlankLine(above)) from = above
    // What was added behind a text without a last line break leaves it so.
    if (end === this.#text.length && this.#text[end - 1] !== '\n' && from > 0)
      from = this.#lines.lineEnd(this.#lines.lineStart(from - 1))
    return { start: from, end, text: '' }
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = parse(text.startsWith('\ufeff') ? text.slice(1) : text)
    return value
  } catch (thrown) {
    const why = thrown instanceof Error ? (thrown.message.split('\n', 1)[0] ?? '') : String(thrown)
    throw new Unfit(`it is not valid TOML (${why.replace(/[.:\s]+$/, '')})`)
  }
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((part, index) => path[index] === part)
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : stringText(key)
}

function valueText(value: Json): string {
  if (typeof value === 'string') return stringText(value)
  if (value === null) throw new Unfit('TOML knows no null')
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map(valueText).join(', ')}]`
  const pairs = Object.entries(value).map(([key, one]) => `${keyText(key)} = ${valueText(one)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** A literal where that reads better: paths of Windows are full of backslashes. */
function stringText(text: string): string {
  const isLiteral = text.includes('\\') && /^[\x20-\x26\x28-\x7e]*$/.test(text)
  if (isLiteral) return `'${text}'`
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f')
}
