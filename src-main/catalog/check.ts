import { isMap, isSeq, type Document, type ParsedNode } from 'yaml'
import type { CatalogCheck, CatalogEntry } from '../../src-shared/api.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { parseCatalog } from './parse.ts'
import { CatalogError } from './problem.ts'
import { LineMap } from './source-text.ts'
import { keyOf, parseYaml, valueAt, YamlTree } from './yaml-tree.ts'

/**
 * Everything that is wrong with a text, and the servers in it with their lines, also of a text that is not valid, as
 * far as it can be read. Never throws.
 */
export function checkCatalog(text: string, file = 'catalog.yaml'): CatalogCheck {
  return { problems: problemsOf(text, file), readable: isYaml(text), entries: entriesOf(text) }
}

function isYaml(text: string): boolean {
  try {
    return new YamlTree(text).faults.length === 0
  } catch {
    return false // made to break the parser
  }
}

function problemsOf(text: string, file: string): CatalogCheck['problems'] {
  try {
    parseCatalog(text, file)
    return []
  } catch (thrown) {
    if (thrown instanceof CatalogError)
      return thrown.problems.map(({ message, line, column }) => ({ message, line, column }))
    return [{ message: asGatewayError(thrown).message, line: 1, column: 1 }]
  }
}

function entriesOf(text: string): CatalogEntry[] {
  try {
    const document = parseYaml(text)
    // What is broken is told as problems; the rest is still worth showing.
    document.errors = []
    document.warnings = []
    const servers = valueAt(new YamlTree(text, document).value, ['servers'])
    if (!Array.isArray(servers)) return []
    const nodes = serverNodes(document)
    const lines = new LineMap(text)
    return servers.flatMap((entry: unknown, index): CatalogEntry[] => {
      const range = nodes[index]?.range
      if (!isRecord(entry) || !range) return []
      const { id } = entry
      const end = text.slice(range[0], range[1]).trimEnd().length
      return [
        {
          id: typeof id === 'string' ? id : '',
          from_line: lines.position(range[0]).line,
          to_line: lines.position(range[0] + Math.max(0, end - 1)).line,
          entry,
        },
      ]
    })
  } catch {
    return [] // too broken, or made to break the parser
  }
}

function serverNodes(document: Document.Parsed): readonly ParsedNode[] {
  const root = document.contents
  if (!isMap(root)) return []
  const list = root.items.find((pair) => keyOf(pair.key) === 'servers')?.value
  return isSeq<ParsedNode>(list) ? list.items : []
}
