import { Text } from '@codemirror/state'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { catalogOptions, keyAt } from '../../../src-renderer/editor/catalog-completion.ts'
import { readSchema } from '../../../src-renderer/editor/schema-node.ts'
import { catalogSchema, serverDefinition } from '../../../src-shared/catalog.ts'

const schema = readSchema(z.toJSONSchema(catalogSchema, { io: 'input' }))

function at(marked: string) {
  const offset = marked.indexOf('|')
  const text = marked.slice(0, offset) + marked.slice(offset + 1)
  return { doc: Text.of(text.split('\n')), offset }
}

function options(marked: string) {
  const { doc, offset } = at(marked)
  return catalogOptions(doc, offset, schema)
}

function labels(marked: string): string[] {
  return options(marked)?.options.map(({ label }) => label) ?? []
}

/** The text with an option taken, the cursor's place as `|`. */
function taken(marked: string, label: string): string {
  const { doc } = at(marked)
  const found = options(marked)
  const option = found?.options.find((one) => one.label === label)
  if (found === undefined || option === undefined) throw new Error(`${label} is not offered.`)
  const insert = option.insert.includes('|') ? option.insert : `${option.insert}|`
  return doc.sliceString(0, found.from) + insert + doc.sliceString(found.to)
}

const server = 'servers:\n  - id: a\n'

describe('completion from the schema', () => {
  it('offers all keys of a server but those that it has', () => {
    const offered = labels(`${server}    |\n    tags: []`)
    const missing = Object.keys(serverDefinition.shape).filter(
      (key) => !['id', 'tags'].includes(key),
    )
    expect(offered).toEqual(missing)
    expect(labels(`${server}    ta|gs: []`)).toContain('tags')
  })

  it('offers the keys of the runtime by its type', () => {
    const runtime = (type: string) => `${server}    runtime:\n      type: ${type}\n      |`
    expect(labels(runtime('local-process'))).toEqual(['command', 'args', 'working_dir'])
    const ofRemote = ['url', 'headers', 'oauth']
    expect(labels(runtime('remote-http'))).toEqual(ofRemote)
    expect(labels(`${server}    runtime: { type: remote-sse, | }`)).toEqual(ofRemote)
    expect(labels(`${server}    runtime:\n      |`)).toEqual([
      'type',
      'command',
      'args',
      'working_dir',
      'url',
      'headers',
      'oauth',
      'image',
      'container_name',
      'volumes',
      'env_file',
      'network',
      'memory',
      'cpus',
      'user',
      'read_only',
      'engine',
      'transport',
      'port',
      'path',
    ])
  })

  it('offers values: types, enums, booleans', () => {
    expect(labels(`${server}    runtime:\n      type: |`)).toEqual([
      'local-process',
      'remote-http',
      'remote-sse',
      'docker',
    ])
    expect(labels(`${server}    isolation: s|`)).toEqual(['auto', 'shared', 'session'])
    expect(labels(`${server}    enabled: |`)).toEqual(['true', 'false'])
    expect(labels(`${server}    inherit_env: |`)).toEqual(['true', 'false'])
    expect(labels(`${server}    display_name: |`)).toEqual([])
    expect(labels(`${server}    runtime: { type: | }`)).toHaveLength(4)
  })

  it('offers keys of tools, and none where keys are free', () => {
    expect(labels(`${server}    tools:\n      |`)).toEqual(['allow', 'deny'])
    expect(labels(`${server}    env:\n      |`)).toEqual([])
  })

  it('offers whole servers in the list, indented as the list is', () => {
    expect(taken('servers:\n  |', 'remote server')).toBe(
      'servers:\n  - id: |\n    runtime:\n      type: remote-http\n      url: https://',
    )
    expect(taken('servers:\n  - |', 'npx server')).toContain('  - id: |\n    runtime:\n')
    expect(labels(`${server}    |`)).not.toContain('npx server')
  })

  it('offers variables that the file uses, then those that are set everywhere', () => {
    const text = `${server}    env: { A: "\${TOKEN}", B: "\${OTHER:-x}" }\n    description: "\${T|"`
    expect(labels(text)).toEqual(['${TOKEN}', '${OTHER}', '${HOME}', '${USER}', '${PATH}'])
    expect(taken(text, '${TOKEN}')).toContain('description: "${TOKEN}|"')
    expect(taken(`${server}    env_file: \${H|OME}/x`, '${HOME}')).toContain('env_file: ${HOME}|/x')
  })

  it('begins a value as its kind needs', () => {
    expect(taken(`${server}    ena|`, 'enabled')).toBe(`${server}    enabled: |`)
    expect(taken(`${server}    ta|`, 'tags')).toBe(`${server}    tags: [|]`)
    expect(taken(`${server}    too|`, 'tools')).toBe(`${server}    tools:\n      |`)
    expect(taken(`${server}    run|`, 'runtime')).toBe(`${server}    runtime:\n      |`)
    expect(taken('servers:\n  - { i| }', 'tools')).toBe('servers:\n  - { tools: { | } }')
    expect(taken(`${server}    en|abled: true`, 'enabled')).toBe(`${server}    enabled|: true`)
  })

  it('offers nothing in comments', () => {
    expect(options(`${server}    # |`)).toBeUndefined()
  })
})

describe('what a key means', () => {
  const told = (marked: string) => {
    const { doc, offset } = at(marked)
    const found = keyAt(doc, offset, schema)
    return (
      found && {
        name: found.name,
        title: found.node.title,
        text: doc.sliceString(found.from, found.to),
      }
    )
  }

  it('is told on the key alone', () => {
    expect(told(`${server}    env_f|ile: x`)).toEqual({
      name: 'env_file',
      title: 'Variables file',
      text: 'env_file',
    })
    expect(told(`${server}    env_file: |x`)).toBeUndefined()
    expect(told('servers:\n  - i|d: a')?.title).toBe('ID')
  })

  it('is told of the runtime that its type says, also in brackets', () => {
    expect(told(`${server}    runtime: { type: remote-http, u|rl: x }`)?.title).toBe('URL')
    expect(told(`${server}    runtime:\n      ur|l: x\n      type: remote-sse`)?.title).toBe('URL')
    expect(told(`${server}    unk|nown: x`)).toBeUndefined()
  })
})
