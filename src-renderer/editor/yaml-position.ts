import type { Text } from '@codemirror/state'
import { scanFlow, type FlowFrame } from './flow-scan.ts'
import { isInComment, readYamlLine, type YamlLine } from './yaml-line.ts'

/** A key of a map, or any item of a list. */
export type Step = string | typeof item
export const item = Symbol('item')

/** Keys of one map with their values' text where it is short and on one line. */
export type KnownKeys = ReadonlyMap<string, string>

/** What stands, or could stand, at a place of a YAML text: also while it is being typed and no parser would take it. */
export interface YamlPosition {
  /** From the root to the node that begins at the place. */
  path: readonly Step[]
  /**
   * `block`: at the start of a line's content, so that keys of the map at `path`, items of the list at `path`, or an
   * item itself can stand there. `inline`: behind a key's colon. `flow-map`, `flow-list`: between brackets.
   */
  place: 'block' | 'inline' | 'flow-map' | 'flow-list'
  /** Where the word that is being typed begins. */
  from: number
  /** Column of the place's content: where further keys of the same map go. */
  column: number
  /** Whether the place's line begins an item with a dash before it. */
  afterDash: boolean
  /** What the map that `depth` steps of the path lead to has so far. */
  keysAt: (depth: number) => KnownKeys
}

/** One level of block maps: a line of the map, and the column of its keys. */
interface Level {
  line: number
  column: number
}

const maxFlowLines = 200

/** What can stand at `offset`; undefined in comments, block texts, and where indentation makes no sense. */
export function yamlPosition(doc: Text, offset: number): YamlPosition | undefined {
  const line = doc.lineAt(offset)
  const column = offset - line.from
  const flow = flowAround(doc, offset)
  if (flow === undefined && isInComment(line.text, column)) return undefined
  const start = flow?.line ?? line.number
  const read = readYamlLine(doc.line(start).text)
  const ownKey =
    flow !== undefined || (read.key !== undefined && column >= read.key.colonEnd)
      ? read.key
      : undefined
  const content =
    read.kind === 'blank'
      ? column
      : Math.min(read.column, flow === undefined ? column : read.column)
  const chain = blockChain(doc, start, read, content)
  if (chain === undefined) return undefined
  const { path, levels } = chain
  const afterDash = read.dashes.some((dash) => dash < content)
  const keysOfBlock = (depth: number): KnownKeys => {
    const level = levels.get(depth)
    return level === undefined ? new Map() : keysOf(doc, level)
  }
  if (flow !== undefined) {
    if (ownKey !== undefined) path.push(ownKey.name)
    return inFlow(path, flow, content, keysOfBlock)
  }
  if (ownKey === undefined) {
    return {
      path,
      place: 'block',
      from: line.from + content,
      column: content,
      afterDash,
      keysAt: keysOfBlock,
    }
  }
  path.push(ownKey.name)
  const value = /^[ \t]*/.exec(line.text.slice(ownKey.colonEnd, column))?.[0].length ?? 0
  return {
    path,
    place: 'inline',
    from: line.from + ownKey.colonEnd + value,
    column: content,
    afterDash,
    keysAt: keysOfBlock,
  }
}

function inFlow(
  path: Step[],
  flow: FlowAround,
  column: number,
  keysOfBlock: (depth: number) => KnownKeys,
): YamlPosition | undefined {
  const base = path.length
  const known = new Map<number, KnownKeys>()
  for (const frame of flow.frames) {
    if (frame.kind === 'map') known.set(path.length, frame.keys)
    if (frame === flow.frames.at(-1)) break
    path.push(frame.kind === 'list' ? item : (frame.key ?? ''))
  }
  const last = flow.frames.at(-1)
  if (last === undefined) return undefined
  let place: YamlPosition['place'] = 'flow-map'
  if (last.kind === 'list') {
    path.push(item)
    place = 'flow-list'
  } else if (last.key !== undefined) {
    path.push(last.key)
    place = 'inline'
  }
  return {
    path,
    place,
    from: flow.from + last.wordStart,
    column,
    afterDash: false,
    keysAt: (depth) => known.get(depth) ?? (depth < base ? keysOfBlock(depth) : new Map()),
  }
}

interface FlowAround {
  /** The line in which the outermost bracket opens. */
  line: number
  /** Offset of that bracket. */
  from: number
  frames: readonly FlowFrame[]
}

/** The brackets around a place. What they hold over several lines is indented deeper than the key before them. */
function flowAround(doc: Text, offset: number): FlowAround | undefined {
  const end = doc.lineAt(offset)
  let found: FlowAround | undefined
  let least = Infinity
  for (let number = end.number; number > 0 && number > end.number - maxFlowLines; number--) {
    const { text, from } = doc.line(number)
    const line = readYamlLine(text)
    const first = line.dashes[0] ?? line.column
    if (line.kind === 'content') {
      const start = flowStart(text, line)
      if (
        start !== undefined &&
        from + start < offset &&
        (first < least || number === end.number)
      ) {
        const frames = scanFlow(doc.sliceString(from + start, offset))
        if (frames.length > 0) found = { line: number, from: from + start, frames }
      }
      least = Math.min(least, first)
      if (first === 0) break
    }
  }
  return found
}

/** Where a line's value begins with a bracket. */
function flowStart(text: string, line: YamlLine): number | undefined {
  const value = line.key?.colonEnd ?? line.column
  const match = /^[ \t]*(?:[&!]\S*[ \t]+)*(?=[{[])/.exec(text.slice(value))
  return match === null ? undefined : value + match[0].length
}

/** The path to the map or list whose entries stand at `column` of a line, by the lines above it. */
function blockChain(
  doc: Text,
  number: number,
  read: YamlLine,
  column: number,
): { path: Step[]; levels: Map<number, Level> } | undefined {
  const steps: Step[] = []
  const levelOf: { length: number; level: Level }[] = [
    { length: 0, level: { line: number, column } },
  ]
  let limit = column
  let afterItem = false
  const takeDashes = (dashes: readonly number[]): void => {
    for (const dash of dashes.toReversed()) {
      if (dash >= limit) continue
      steps.push(item)
      limit = dash
      afterItem = true
    }
  }
  takeDashes(read.dashes)
  for (let above = number - 1; above > 0 && (limit > 0 || afterItem); above--) {
    const line = readYamlLine(doc.line(above).text)
    if (line.kind === 'blank') continue
    const { key } = line
    // A list's dashes may stand in the column of its key.
    const isParent = line.column < limit || (afterItem && line.column === limit)
    if (key !== undefined && isParent && line.dashes.every((dash) => dash < line.column)) {
      if (key.hasValue) {
        if (line.column < limit) return undefined
        continue
      }
      steps.push(key.name)
      limit = line.column
      afterItem = false
      levelOf.push({ length: steps.length, level: { line: above, column: line.column } })
    } else if (key === undefined && line.column < limit && line.dashes.length === 0)
      return undefined
    takeDashes(line.dashes)
  }
  const levels = new Map(levelOf.map(({ length, level }) => [steps.length - length, level]))
  return { path: steps.toReversed(), levels }
}

/** The keys of the block map that has a line at `column`. */
function keysOf(doc: Text, { line, column }: Level): KnownKeys {
  const keys = new Map<string, string>()
  const visit = (number: number): 'in' | 'first' | 'out' => {
    const { text } = doc.line(number)
    const read = readYamlLine(text)
    if (read.kind === 'blank') return 'in'
    if (read.column < column) return 'out'
    if (read.column === column && read.key !== undefined) {
      keys.set(read.key.name, shortValue(text.slice(read.key.colonEnd)))
    }
    return read.dashes.some((dash) => dash < column) ? 'first' : 'in'
  }
  const own = visit(line)
  if (own === 'in') {
    for (let above = line - 1; above > 0; above--) if (visit(above) !== 'in') break
  }
  for (let below = line + 1; below <= doc.lines; below++) {
    const read = readYamlLine(doc.line(below).text)
    if (read.kind === 'content' && (read.dashes[0] ?? read.column) < column) break
    visit(below)
  }
  return keys
}

function shortValue(text: string): string {
  const match =
    /^[ \t]*(?:"([^"\\]*)"|'([^']*)'|([^\s#&*!|>'"%@`,[\]{}][^#]*?))[ \t]*(?:#.*)?$/.exec(text)
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? ''
}
