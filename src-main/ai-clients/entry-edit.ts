import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { ClientDefinition, Container } from './client-definition.ts'
import { containerOf, copyOf, depthOf, entriesOf, sameData, Unfit } from './config-text.ts'
import type { ConfigText, Entry, NamedEntry } from './config-text.ts'
import { readJsonc } from './jsonc-text.ts'
import { readToml } from './toml-text.ts'
import { readYaml } from './yaml-text.ts'

export type ConfigFormat = ClientDefinition['format']

const readers: Record<ConfigFormat, (text: string) => ConfigText> = {
  jsonc: readJsonc,
  toml: readToml,
  yaml: readYaml,
}

export type EntryChange =
  | { op: 'put'; name: string; entry: Entry }
  /** `keep`: how many keys of the container's path stay although nothing is left in it. */
  | { op: 'take'; name: string; keep: number }

/** A client's file as it is, ready for edits. */
export class EntryText {
  readonly text: string
  readonly format: ConfigFormat
  readonly #file: string
  readonly #read: ConfigText

  /** `file` is named in errors. Throws GatewayError `conflict` for a text that cannot be read. */
  constructor(text: string, format: ConfigFormat, file: string) {
    this.text = text
    this.format = format
    this.#file = file
    this.#read = this.#attempt(() => readers[format](text))
  }

  get value(): unknown {
    return this.#read.value
  }

  /** Throws GatewayError `conflict` where the container is of another kind. */
  entries(container: Container): NamedEntry[] {
    return this.#attempt(() => entriesOf(this.value, container))
  }

  /** How many keys of a container's path are there already. */
  depth(container: Container): number {
    return this.#attempt(() => depthOf(this.value, container.path))
  }

  /**
   * The text with the changes made, each checked: everything else is the same data, and ours is as wanted. Throws
   * GatewayError `conflict` otherwise.
   */
  changed(container: Container, changes: readonly EntryChange[]): EntryText {
    return changes.reduce<EntryText>((now, change) => now.#one(container, change), this)
  }

  #one(container: Container, change: EntryChange): EntryText {
    const text = this.#attempt(() => {
      // Also where nothing is there to take: the container may be of another kind.
      const entries = entriesOf(this.value, container)
      if (entries.filter(({ name }) => name === change.name).length > 1)
        throw new Unfit(`it has '${change.name}' more than once`)
      return change.op === 'put'
        ? this.#read.put(container, change.name, change.entry)
        : this.#read.take(container, change.name, change.keep)
    })
    const next = new EntryText(text, this.format, this.#file)
    if (!isAsWanted(this.value, next.value, container, change))
      throw this.#refusal('the change cannot be made without touching other parts of it')
    return next
  }

  #attempt<T>(act: () => T): T {
    try {
      return act()
    } catch (thrown) {
      if (thrown instanceof Unfit) throw this.#refusal(thrown.message)
      // Nested deeper than the stack: nobody's settings are.
      if (thrown instanceof RangeError) throw this.#refusal('it is nested too deeply')
      throw thrown
    }
  }

  #refusal(why: string): GatewayError {
    return new GatewayError(
      'conflict',
      `${this.#file} cannot be changed because ${why}. Nothing was written. Correct the file, or add the entry by hand.`,
    )
  }
}

function isAsWanted(
  before: unknown,
  after: unknown,
  container: Container,
  change: EntryChange,
): boolean {
  const rest = (root: unknown): unknown => without(root, container, change.name)
  const ours = entriesOf(after, container).filter(({ name }) => name === change.name)
  const isThere =
    change.op === 'put'
      ? ours.length === 1 && sameData(ours[0]?.value, change.entry)
      : ours.length === 0
  return isThere && sameData(rest(before), rest(after))
}

/** All data but the entry, and without the containers that would be empty then. */
function without(root: unknown, container: Container, name: string): unknown {
  const copy = copyOf(root) ?? {}
  const holder = containerOf(copy, container.path)
  if (Array.isArray(holder)) {
    for (let at = holder.length - 1; at >= 0; at--)
      if (isRecord(holder[at]) && Reflect.get(Object(holder[at]), 'name') === name)
        holder.splice(at, 1)
  } else if (isRecord(holder)) delete holder[name]
  for (let depth = container.path.length; depth > 0; depth--) {
    const parent = containerOf(copy, container.path.slice(0, depth - 1))
    const key = container.path[depth - 1]
    if (!isRecord(parent) || key === undefined || !Object.hasOwn(parent, key)) continue
    const child = parent[key]
    const isEmpty =
      child === null || (typeof child === 'object' && Object.keys(Object(child)).length === 0)
    if (isEmpty) delete parent[key]
  }
  return copy
}
