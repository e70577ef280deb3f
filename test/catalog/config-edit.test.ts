import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { setConfigKeys } from '../../src-main/catalog/config-edit.ts'
import { YamlTree } from '../../src-main/catalog/yaml-tree.ts'

const set = (text: string, values: Record<string, string | number | boolean>): string =>
  setConfigKeys(text, values, 'config.yaml')

test.each([
  ['', 'history: false\n'],
  ['# nothing yet\n', '# nothing yet\nhistory: false\n'],
  ['# nothing yet', '# nothing yet\nhistory: false'],
  ['hot_reload: true # stays\n', 'hot_reload: true # stays\nhistory: false\n'],
  ['history: true # why\nhot_reload: true\n', 'history: false # why\nhot_reload: true\n'],
  ['history:\nhot_reload: true\n', 'history: false\nhot_reload: true\n'],
  ['history: false # as it is\n', 'history: false # as it is\n'],
  ['{ "hot_reload": true }\n', '{ "hot_reload": true, "history": false }\n'],
  ['tls:\n  cert: a\n  key: b\n', 'tls:\n  cert: a\n  key: b\nhistory: false\n'],
  ['history: true\r\n', 'history: false\r\n'],
])('%j with history off', (before, after) => {
  expect(set(before, { history: false })).toBe(after)
})

test('texts keep their quotes; what needs some gets them', () => {
  expect(set("listen_addr: 'a:1' # x\n", { listen_addr: 'b:2' })).toBe("listen_addr: 'b:2' # x\n")
  expect(set('', { listen_addr: '[::1]:4444' })).toBe('listen_addr: "[::1]:4444"\n')
})

describe('what cannot be edited in place is refused', () => {
  test.each([
    ['- a\n', 'conflict'],
    ['{ history: true', 'catalog_invalid'],
    ['? history\n: true\n', 'conflict'],
  ])('%j', (text, code) => {
    expect(() => set(text, { history: false })).toThrow(expect.objectContaining({ code }))
  })
})

test('whatever the file says, the keys are set and the rest stays', () => {
  const key = fc.constantFrom('listen_addr', 'history', 'log_level', 'other')
  const value = fc.oneof(fc.boolean(), fc.nat(), fc.string({ maxLength: 12 }))
  const line = fc
    .tuple(key, value, fc.constantFrom('', ' # note'))
    .map(
      ([name, content, comment]) =>
        [name, `${name}: ${JSON.stringify(content)}${comment}`] as const,
    )
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { selector: ([name]) => name }),
      key,
      value,
      (lines, name, content) => {
        const before = lines.map(([, text]) => `${text}\n`).join('')
        const after = set(before, { [name]: content })
        const values = Object.fromEntries(Object.entries(new YamlTree(after).value ?? {}))
        const expected = Object.fromEntries(Object.entries(new YamlTree(before).value ?? {}))
        expect(values).toEqual({ ...expected, [name]: content })
        for (const [other, text] of lines) if (other !== name) expect(after).toContain(`${text}\n`)
      },
    ),
  )
})
