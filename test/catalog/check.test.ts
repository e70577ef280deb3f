import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkCatalog } from '../../src-main/catalog/check.ts'
import { addServer } from '../../src-main/catalog/edit.ts'

const server = fc.record(
  {
    description: fc.string({ maxLength: 30 }),
    tags: fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 3 }),
    runtime: fc.record({
      type: fc.constant('local-process'),
      command: fc.stringMatching(/^[a-z]{1,8}$/),
      args: fc.array(fc.string({ maxLength: 90 }), { maxLength: 3 }),
    }),
  },
  { requiredKeys: ['runtime'] },
)

test('each server stands in the lines that are told of it, and is told as it was written', () => {
  const style = fc.constantFrom('', '# top\nservers:\n', 'servers: []\n')
  fc.assert(
    fc.property(style, fc.array(server, { minLength: 1, maxLength: 5 }), (start, servers) => {
      const written = servers.map((each, index) => ({ id: `s${index}`, ...each }))
      const text = written.reduce<string>((current, entry) => addServer(current, entry), start)
      const { problems, entries } = checkCatalog(text)
      expect(problems).toEqual([])
      expect(entries.map(({ entry }) => ({ ...entry }))).toMatchObject(written)
      const lines = text.split('\n')
      let last = 0
      for (const { id, from_line: from, to_line: to } of entries) {
        expect(from).toBeGreaterThan(last)
        expect(lines.slice(from - 1, to).join('\n')).toMatch(
          new RegExp(`^ *- (?:\\{ )?id: ${id}\\b`),
        )
        last = to
      }
      expect(lines.slice(last).join('').trim()).toBe('')
    }),
  )
})

test('whatever the text, it is checked; problems have a place in it', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom(
      'servers:',
      '\n',
      '  - ',
      'id: a',
      'runtime: ',
      '{',
      '}',
      '[',
      '&a',
      '*a',
      '<<: ',
      '"',
      '|',
      '\t',
      '---',
      '!!x ',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      const lines = text.split('\n').length
      const { problems, entries } = checkCatalog(text)
      for (const { line, column } of problems) {
        expect(line).toBeLessThanOrEqual(lines)
        expect(Math.min(line, column)).toBeGreaterThan(0)
      }
      for (const entry of entries) expect(entry.to_line).toBeGreaterThanOrEqual(entry.from_line)
    }),
    { numRuns: 500 },
  )
})
