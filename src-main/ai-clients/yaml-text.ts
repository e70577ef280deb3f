import { isMap as isYamlMap, isSeq, type Document, type Pair, type YAMLMap } from 'yaml'
import { LineMap } from '../catalog/source-text.ts'
import { applyChanges, TextLines } from '../catalog/text-change.ts'
import type { TextChange } from '../catalog/text-change.ts'
import { isEmptyNode, NotLocal, YamlEditor } from '../catalog/yaml-edit.ts'
import { keyOf, parseYaml, YamlTree } from '../catalog/yaml-tree.ts'
import { blockLines } from '../catalog/yaml-write.ts'
import type { WriteStyle } from '../catalog/yaml-write.ts'
import type { Container } from './client-definition.ts'
import { entriesOf, Unfit } from './config-text.ts'
import type { ConfigText, Entry } from './config-text.ts'

/** YAML, edited in place. Throws Unfit with line and column. */
export function readYaml(text: string): ConfigText {
  return new YamlText(text)
}

class YamlText implements ConfigText {
  readonly value: unknown
  readonly #text: string
  readonly #document: Document.Parsed
  readonly #style: WriteStyle
  readonly #editor: YamlEditor

  constructor(text: string) {
    this.#text = text
    this.#document = parseYaml(text, true)
    const tree = new YamlTree(text, this.#document)
    const [fault] = tree.faults
    if (fault !== undefined) {
      const { line, column } = new LineMap(text).position(fault.offset)
      throw new Unfit(
        `it cannot be read (line ${line}, column ${column}: ${fault.message.replace(/\.$/, '')})`,
      )
    }
    this.value = tree.value
    this.#style = styleOf(this.#document, text)
    this.#editor = new YamlEditor(text, this.#style)
  }

  put(container: Container, name: string, entry: Entry): string {
    const [key, ...deeper] = container.path
    if (key === undefined || deeper.length > 0) throw new Unfit('its path has several keys')
    const isThere = entriesOf(this.value, container).some((one) => one.name === name)
    // Of a list, the new item takes its place at the end.
    if (isThere && container.kind === 'list')
      return readYaml(this.take(container, name, container.path.length)).put(container, name, entry)
    return this.#edit(() => {
      const root = this.#document.contents
      const whole = container.kind === 'map' ? { [name]: entry } : [entry]
      if (root === null || isEmptyNode(root)) {
        const lines = blockLines({ [key]: whole }, this.#style)
        return [new TextLines(this.#text).insertLines(this.#text.length, lines)]
      }
      if (!isYamlMap(root)) throw new NotLocal('it is no map of keys at its top')
      const pair = pairOf(root, key)
      if (pair === undefined) return this.#editor.addPair(root, key, whole)
      if (container.kind === 'map') return this.#putInMap(root, pair, name, entry)
      return this.#putInList(root, pair, entry)
    })
  }

  take(container: Container, name: string, keep: number): string {
    const entries = entriesOf(this.value, container)
    if (!entries.some((one) => one.name === name)) return this.#text
    return this.#edit(() => {
      const root = this.#document.contents
      const pair = isYamlMap(root) ? pairOf(root, container.path[0] ?? '') : undefined
      if (!isYamlMap(root) || pair === undefined) throw new NotLocal('its form is not known')
      const count = isYamlMap(pair.value) || isSeq(pair.value) ? pair.value.items.length : 0
      if (count === 1 && keep === 0 && root.items.length > 1)
        return this.#editor.removePair(
          root,
          root.items.findIndex((one) => one === pair),
        )
      if (isSeq(pair.value))
        return this.#editor.removeItem(pair.value, this.#indexIn(pair.value.items, name), pair)
      if (!isYamlMap(pair.value)) throw new NotLocal('its map stands elsewhere')
      if (count === 1) return this.#editor.replaceValue(root, pair, {})
      const index = pair.value.items.findIndex((one) => keyOf(one.key) === name)
      if (index === -1) throw new NotLocal(`'${name}' comes from a merge key (<<)`)
      return this.#editor.removePair(pair.value, index)
    })
  }

  #putInMap(root: YAMLMap, pair: Pair, name: string, entry: Entry): TextChange[] {
    const map = pair.value
    if (!isYamlMap(map) || map.items.length === 0) {
      if (!isEmptyNode(map) && !isYamlMap(map)) throw new NotLocal('its map stands elsewhere')
      return this.#editor.replaceValue(root, pair, { [name]: entry })
    }
    const own = pairOf(map, name)
    if (own !== undefined) return this.#editor.replaceValue(map, own, entry)
    return this.#editor.addPair(map, name, entry)
  }

  #putInList(root: YAMLMap, pair: Pair, entry: Entry): TextChange[] {
    const list = pair.value
    if (isEmptyNode(list) || (isSeq(list) && list.items.length === 0))
      return this.#editor.fillEmptyList(root, pair, entry)
    if (!isSeq(list)) throw new NotLocal('its list stands elsewhere')
    return this.#editor.appendItem(list, entry)
  }

  #indexIn(items: readonly unknown[], name: string): number {
    const index = items.findIndex((item) => isYamlMap(item) && item.get('name') === name)
    if (index === -1) throw new NotLocal(`'${name}' in it is an alias`)
    return index
  }

  #edit(edit: () => TextChange[]): string {
    try {
      return applyChanges(this.#text, edit())
    } catch (thrown) {
      if (thrown instanceof NotLocal) throw new Unfit(thrown.message)
      throw thrown
    }
  }
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair.key) === key)
}

/** How the file is written, from the first map and list in it. */
function styleOf(document: Document.Parsed, text: string): WriteStyle {
  const style: WriteStyle = { step: 2, indentLists: true, json: false }
  const root = document.contents
  if (!isYamlMap(root)) return style
  style.json = root.flow === true && /^\s*\{\s*"/.test(text)
  const lines = new TextLines(text)
  for (const { value } of root.items) {
    if (isSeq(value) && value.flow !== true && value.range !== undefined && value.range !== null)
      style.indentLists = lines.column(value.range[0]) > 0
    if (
      isYamlMap(value) &&
      value.flow !== true &&
      value.range !== undefined &&
      value.range !== null
    )
      style.step = Math.max(1, lines.column(value.range[0]))
  }
  return style
}
