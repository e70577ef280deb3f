import { isMap } from 'yaml'
import { GatewayError } from '../../src-shared/errors.ts'
import { CatalogError } from './problem.ts'
import { LineMap } from './source-text.ts'
import { applyChanges, TextLines } from './text-change.ts'
import { isEmptyNode, NotLocal, YamlEditor } from './yaml-edit.ts'
import { isObject, keyOf, parseYaml, valueAt, YamlTree } from './yaml-tree.ts'
import { blockLines, type WriteStyle } from './yaml-write.ts'

const style: WriteStyle = { step: 2, indentLists: true, json: false }

/**
 * The text of config.yaml with some of its keys set to plain values; everything else stays byte for byte. Throws
 * GatewayError: `catalog_invalid` (no YAML), `conflict` (it has a form that cannot be edited in place).
 */
export function setConfigKeys(
  text: string,
  values: Readonly<Record<string, string | number | boolean>>,
  file: string,
): string {
  return Object.entries(values).reduce(
    (current, [key, value]) => setKey(current, key, value, file),
    text,
  )
}

function setKey(text: string, key: string, value: string | number | boolean, file: string): string {
  const document = parseYaml(text, true)
  const tree = new YamlTree(text, document)
  if (tree.faults.length > 0) {
    const lines = new LineMap(text)
    throw new CatalogError(
      tree.faults.map(({ message, offset }) => ({ message, file, ...lines.position(offset) })),
    )
  }
  if (valueAt(tree.value, [key]) === value) return text
  try {
    const root = document.contents
    if (root === null || isEmptyNode(root)) {
      const line = blockLines({ [key]: value }, style)
      return applyChanges(text, [new TextLines(text).insertLines(text.length, line)])
    }
    if (!isMap(root)) throw new NotLocal('it is not a map of keys and values')
    const pair = root.items.find((each) => keyOf(each.key) === key)
    const editor = new YamlEditor(text, style)
    const changes =
      pair === undefined ? editor.addPair(root, key, value) : editor.replaceValue(root, pair, value)
    const next = applyChanges(text, changes)
    if (!onlyChanges(tree.value, new YamlTree(next).value, key, value))
      throw new NotLocal('other keys would change')
    return next
  } catch (thrown) {
    if (!(thrown instanceof NotLocal)) throw thrown
    throw new GatewayError(
      'conflict',
      `'${key}' cannot be set in ${file} because ${thrown.message}. Nothing was changed; edit the file by hand.`,
    )
  }
}

function onlyChanges(before: unknown, after: unknown, key: string, value: unknown): boolean {
  if (!isObject(after)) return false
  const expected = { ...(isObject(before) ? before : {}), [key]: value }
  const sorted = (map: object): string =>
    JSON.stringify(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return sorted(after) === sorted(expected)
}
