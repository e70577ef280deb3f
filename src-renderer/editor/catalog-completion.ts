import type { Text } from '@codemirror/state'
import { variantsFor, type SchemaNode } from './schema-node.ts'
import { item, yamlPosition, type YamlPosition } from './yaml-position.ts'
import { readYamlLine } from './yaml-line.ts'

export interface CatalogOption {
  label: string
  kind: 'key' | 'value' | 'variable' | 'server'
  /** What it takes, beside the label. */
  detail: string
  /** What it means, for people; Markdown code spans. */
  info: string
  /** What goes in place of the word. `|` marks where the cursor goes, if not to the end. */
  insert: string
  /** Required keys come first. */
  boost: number
}

export interface CatalogOptions {
  from: number
  to: number
  options: CatalogOption[]
}

/** Whole servers, as they begin in a list. Only those whose runtime the schema knows are offered. */
const serverStarts = [
  {
    label: 'npx server',
    runtime: 'local-process',
    info: 'A server from npm.',
    lines: [
      'id: |',
      'runtime:',
      '  type: local-process',
      '  command: npx',
      '  args: [-y, package]',
    ],
  },
  {
    label: 'uvx server',
    runtime: 'local-process',
    info: 'A server from PyPI.',
    lines: ['id: |', 'runtime:', '  type: local-process', '  command: uvx', '  args: [package]'],
  },
  {
    label: 'remote server',
    runtime: 'remote-http',
    info: 'A server elsewhere, by its URL.',
    lines: ['id: |', 'runtime:', '  type: remote-http', '  url: https://'],
  },
]

/** Known everywhere; those that the text uses come on top. */
const commonVariables = ['HOME', 'USER', 'PATH']
const variablePattern = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)/g

/** What can be typed at `offset`, by the schema. undefined: nothing that we know of. */
export function catalogOptions(
  doc: Text,
  offset: number,
  schema: SchemaNode,
): CatalogOptions | undefined {
  const line = doc.lineAt(offset)
  const variable = /\$\{[A-Za-z0-9_]*$/.exec(line.text.slice(0, offset - line.from))
  if (variable !== null) return variableOptions(doc, offset, variable[0].length)
  const position = yamlPosition(doc, offset)
  if (position === undefined) return undefined
  const nodes = nodesAt(schema, position, position.path)
  const range = { from: position.from, to: wordEnd(line.text, offset - line.from) + line.from }
  const options: CatalogOption[] = []
  if (position.place === 'block' || position.place === 'flow-map') {
    options.push(...keyOptions(doc, position, nodes, range.to))
  }
  if (position.place === 'block') options.push(...serverOptions(position, nodes, schema))
  if (position.place !== 'flow-map') options.push(...nodes.flatMap(valueOptions))
  const unique = options.filter(
    (option, index) => options.findIndex(({ label }) => label === option.label) === index,
  )
  return unique.length === 0 ? undefined : { ...range, options: unique }
}

/** The key under `offset`: its schema and extent. */
export function keyAt(
  doc: Text,
  offset: number,
  schema: SchemaNode,
): { name: string; node: SchemaNode; from: number; to: number } | undefined {
  const position = yamlPosition(doc, offset)
  if (position === undefined) return undefined
  const line = doc.lineAt(offset)
  const { key, column } = readYamlLine(line.text)
  let from = position.from
  let name = ''
  if (position.place === 'block') {
    if (key === undefined || from !== line.from + column) return undefined
    name = key.name
  } else if (position.place === 'flow-map') {
    name = /^[A-Za-z_][\w.-]*(?=\s*:)/.exec(doc.sliceString(from, from + 100))?.[0] ?? ''
  }
  const to = position.place === 'block' ? line.from + (key?.end ?? 0) : from + name.length
  if (name === '' || offset > to) return undefined
  const [node] = nodesAt(schema, position, [...position.path, name])
  return node === undefined ? undefined : { name, node, from, to }
}

/** Every schema that the node at `path` may follow: several while a choice is open. */
function nodesAt(
  schema: SchemaNode,
  position: YamlPosition,
  path: YamlPosition['path'],
): readonly SchemaNode[] {
  let nodes: readonly SchemaNode[] = [schema]
  path.forEach((step, depth) => {
    nodes = nodes
      .flatMap((node) =>
        node.kind === 'choice' ? variantsFor(node, position.keysAt(depth)) : [node],
      )
      .flatMap((node) => {
        const next = step === item ? node.items : (node.properties.get(step) ?? node.additional)
        return next === undefined ? [] : [next]
      })
  })
  return nodes.flatMap((node) => variantsFor(node, position.keysAt(path.length)))
}

function keyOptions(
  doc: Text,
  position: YamlPosition,
  nodes: readonly SchemaNode[],
  end: number,
): CatalogOption[] {
  const word = doc.sliceString(position.from, end).replace(/:.*$/, '')
  const known = position.keysAt(position.path.length)
  const hasColon = /^[ \t]*:/.test(doc.sliceString(end, doc.lineAt(end).to))
  return nodes.flatMap((node) =>
    [...node.properties]
      .filter(([name]) => !known.has(name) || name === word)
      .map(([name, child]) => ({
        label: name,
        kind: 'key' as const,
        detail: node.required.has(name) ? 'required' : briefly(child),
        info: child.description ?? '',
        insert: hasColon ? name : name + afterKey(child, position),
        boost: node.required.has(name) ? 1 : 0,
      })),
  )
}

/** What follows a key when it is put in: its value's beginning. */
function afterKey(node: SchemaNode, position: YamlPosition): string {
  const isFlow = position.place === 'flow-map'
  const isMap = node.kind === 'map' || node.variants.some(({ kind }) => kind === 'map')
  if (isMap && isFlow) return ': { | }'
  if (isMap) return `:\n${' '.repeat(position.column + 2)}`
  if (node.kind === 'list') return ': [|]'
  return ': '
}

function serverOptions(
  position: YamlPosition,
  nodes: readonly SchemaNode[],
  schema: SchemaNode,
): CatalogOption[] {
  const isList = position.path.length === 1 && position.path[0] === 'servers'
  const isItem = position.path.length === 2 && position.path[1] === item
  if (!isList && !(isItem && position.afterDash && position.keysAt(2).size === 0)) return []
  const node = isList ? nodes[0]?.items : nodes[0]
  const types = runtimeTypes(node ?? schema)
  const pad = ' '.repeat(position.column + (isList ? 2 : 0))
  return serverStarts
    .filter(({ runtime }) => types.includes(runtime))
    .map(({ label, info, lines }) => ({
      label,
      kind: 'server',
      detail: 'a whole entry',
      info,
      insert: (isList ? '- ' : '') + lines.join(`\n${pad}`),
      boost: 2,
    }))
}

/** The types of runtime that a server's schema allows. */
export function runtimeTypes(server: SchemaNode): string[] {
  const runtime = server.properties.get('runtime')
  const variants = runtime === undefined ? [] : variantsFor(runtime, new Map())
  return variants.flatMap(({ properties }) => (properties.get('type')?.values ?? []).map(String))
}

function valueOptions(node: SchemaNode): CatalogOption[] {
  if (node.kind === 'choice') return node.variants.flatMap(valueOptions)
  const values = node.kind === 'boolean' ? [true, false] : node.values
  return values.map((value) => ({
    label: String(value),
    kind: 'value',
    detail: node.default === value ? 'default' : '',
    info: '',
    insert: String(value),
    boost: 0,
  }))
}

function variableOptions(doc: Text, offset: number, length: number): CatalogOptions {
  const names = new Set<string>()
  const from = offset - length
  const end = /^[A-Za-z0-9_]*\}?/.exec(doc.sliceString(offset, offset + 100))?.[0].length ?? 0
  for (const lines = doc.iterLines(); !lines.next().done;) {
    for (const [, name] of lines.value.matchAll(variablePattern)) if (name) names.add(name)
  }
  const typed = doc.sliceString(from + 2, offset)
  names.delete(typed)
  const used = names.size
  for (const name of commonVariables) names.add(name)
  return {
    from,
    to: offset + end,
    options: [...names].map((name, index) => ({
      label: `\${${name}}`,
      kind: 'variable',
      detail: index < used ? 'used in this file' : 'environment',
      info: 'Filled in when the catalog is loaded. `${NAME:-default}` gives a default.',
      insert: `\${${name}}`,
      boost: index < used ? 1 : 0,
    })),
  }
}

/** What a value is, in a word or two. */
export function briefly(node: SchemaNode): string {
  const { kind, values } = node
  if (node.default !== undefined && typeof node.default !== 'object') {
    return `default ${JSON.stringify(node.default)}`
  }
  if (values.length > 0) return values.join(', ')
  return {
    string: 'text',
    number: 'number',
    boolean: 'true or false',
    list: 'list',
    map: 'map',
    choice: '',
    any: '',
  }[kind]
}

function wordEnd(text: string, column: number): number {
  return column + (/^[\w.-]*/.exec(text.slice(column))?.[0].length ?? 0)
}
