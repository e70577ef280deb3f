import { Text } from '@codemirror/state'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type CreateNodeOptions,
  type ToStringOptions,
} from 'yaml'
import { item, yamlPosition, type Step } from '../../../src-renderer/editor/yaml-position.ts'

/** The position at `|`. */
function at(marked: string) {
  const offset = marked.indexOf('|')
  const text = marked.slice(0, offset) + marked.slice(offset + 1)
  const position = yamlPosition(Text.of(text.split('\n')), offset)
  if (position === undefined) return undefined
  const path = position.path.map((step) => (step === item ? '-' : step)).join('/')
  return { where: `${position.place} ${path}`, position }
}

describe('a place in a catalog, while it is typed', () => {
  const cases: [string, string, string][] = [
    ['the empty text', '|', 'block '],
    ['a key at the root', 'serv|', 'block '],
    ['a line under servers', 'servers:\n  |', 'block servers'],
    ['behind a dash', 'servers:\n  - |', 'block servers/-'],
    ['a dash in the column of its key', 'servers:\n- |', 'block servers/-'],
    ['a new key of a server', 'servers:\n  - id: a\n    |', 'block servers/-'],
    ['a key between others', 'servers:\n  - id: a\n    en|\n    tags: [x]', 'block servers/-'],
    ['a value', 'servers:\n  - id: a\n    enabled: t|', 'inline servers/-/enabled'],
    ['a value without its space', 'servers:\n  - id: a\n    enabled:|', 'inline servers/-/enabled'],
    ['a key of a map', 'servers:\n  - id: a\n    runtime:\n      |', 'block servers/-/runtime'],
    [
      'after a deeper map',
      'servers:\n  - id: a\n    runtime:\n      type: x\n    |',
      'block servers/-',
    ],
    ['a new item', 'servers:\n  - id: a\n    tags:\n      - |', 'block servers/-/tags/-'],
    [
      'an item beside its key',
      'servers:\n- id: a\n  tags:\n  - a\n  - |',
      'block servers/-/tags/-',
    ],
    ['a map in brackets', 'servers:\n  - id: a\n    runtime: { |', 'flow-map servers/-/runtime'],
    [
      'a later key in brackets',
      'servers:\n  - id: a\n    runtime: { type: local-process, co| }',
      'flow-map servers/-/runtime',
    ],
    ['a value in brackets', 'servers:\n  - runtime: { type: | }', 'inline servers/-/runtime/type'],
    ['a list in brackets', 'servers:\n  - tags: [a, |]', 'flow-list servers/-/tags/-'],
    [
      'brackets over several lines',
      'servers:\n  - id: a\n    runtime: {\n      type: local-process,\n      |\n    }',
      'flow-map servers/-/runtime',
    ],
    [
      'brackets in brackets',
      'servers:\n  - runtime: { headers: { A: b, | } }',
      'flow-map servers/-/runtime/headers',
    ],
    ['a server in brackets', 'servers:\n  - { id: a, | }', 'flow-map servers/-'],
    ['a variable is no bracket', 'servers:\n  - env: { A: ${HOME}, | }', 'flow-map servers/-/env'],
    ['quoted brackets', "servers:\n  - env: { A: '}', | }", 'flow-map servers/-/env'],
    [
      'the other file endings of a list',
      'servers:\n  - id: a\n  - id: b\n    env:\n      A: 1\n\n      # note\n      |',
      'block servers/-/env',
    ],
  ]
  it.each(cases)('%s', (_, text, where) => expect(at(text)?.where).toBe(where))

  it.each([
    ['in a comment', 'servers: # a|'],
    ['on a comment line', 'servers:\n  # a|'],
    ['in a block text', 'servers:\n  - description: |-\n      some te|xt'.replace('|-', '>-')],
    ['deeper than a value', 'servers:\n  - id: a\n      |'],
  ])('nothing %s', (_, text) => expect(at(text)).toBeUndefined())

  it('knows the keys beside it and around it, whatever their order', () => {
    const { position } =
      at(`servers:
  - id: other
    tags: [no]
  - id: mine
    enabled: false # why
    runtime:
      url: 'https://x'
      |
      type: remote-http
    tags: []
  - id: third
    overlap: true`) ?? {}
    expect([...(position?.keysAt(3) ?? [])]).toEqual([
      ['url', 'https://x'],
      ['type', 'remote-http'],
    ])
    expect(new Set(position?.keysAt(2).keys())).toEqual(
      new Set(['enabled', 'id', 'runtime', 'tags']),
    )
    expect(position?.keysAt(2).get('enabled')).toBe('false')
  })

  it('knows the keys in brackets', () => {
    const { position } = at('servers:\n  - runtime: { type: "local-process", args: [a], | }') ?? {}
    expect(position?.keysAt(3).get('type')).toBe('local-process')
    expect(position?.keysAt(3).has('args')).toBe(true)
  })
})

const key = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/)
const text = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9 .:/#,'"${}[\]-]{0,12}$/),
  fc.constantFrom('${HOME}', 'a: b', '- x', "it's", '{', '#'),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    tie('map'),
    tie('list'),
  ),
  map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  list: fc.array(tie('value'), { maxLength: 3 }),
}))
const root = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 })

/** Each plain key of a document with its path, and each scalar. */
function places(source: string): { path: Step[]; start: number; kind: 'key' | 'value' }[] {
  const found: { path: Step[]; start: number; kind: 'key' | 'value' }[] = []
  const walk = (node: unknown, path: Step[]): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isScalar(pair.key) || !pair.key.range) continue
        const name = String(pair.key.value)
        found.push({ path, start: pair.key.range[0], kind: 'key' })
        walk(pair.value, [...path, name])
      }
    } else if (isSeq(node)) for (const one of node.items) walk(one, [...path, item])
    else if (isScalar(node) && node.range && node.type === 'PLAIN' && node.source !== '') {
      found.push({ path, start: node.range[0], kind: 'value' })
    }
  }
  walk(parseDocument(source).contents, [])
  return found
}

describe('in any text that the YAML library writes', () => {
  const check = (data: unknown, options: ToStringOptions & CreateNodeOptions): void => {
    const source = stringify(data, { lineWidth: 0, ...options })
    const doc = Text.of(source.split('\n'))
    for (const { path, start, kind } of places(source)) {
      const position = yamlPosition(doc, start)
      const told = `${kind} at ${start} of\n${source}`
      expect(position?.path, told).toEqual(path)
      expect(position?.from, told).toBe(start)
    }
  }

  it('every key and plain value has the path that the parser gives it', () => {
    fc.assert(
      fc.property(root, (data) => check(data, {})),
      { numRuns: 300 },
    )
  })

  it('also where lists stand in the column of their key', () => {
    fc.assert(
      fc.property(root, (data) => check(data, { indentSeq: false })),
      { numRuns: 300 },
    )
  })

  it('also with all in brackets', () => {
    fc.assert(
      fc.property(root, (data) => check(data, { collectionStyle: 'flow' })),
      { numRuns: 300 },
    )
  })

  it('never throws, whatever is typed', () => {
    const line = fc.stringMatching(/^ {0,6}(- )?[a-z:{}[\]"'#,$ -]{0,12}$/)
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), fc.nat(), (lines, place) => {
        const doc = Text.of(lines)
        yamlPosition(doc, place % (doc.length + 1))?.keysAt(0)
      }),
      { numRuns: 500 },
    )
  })
})
