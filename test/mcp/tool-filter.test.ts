import fc from 'fast-check'
import { expect, it } from 'vitest'
import { allowedTools, ToolAccess } from '../../src-main/mcp/tool-filter.ts'
import { globMatches } from '../../src-shared/glob.ts'

const piece = fc.string({ unit: fc.constantFrom('a', 'b', '.', '_', '(', 'é'), maxLength: 3 })

it('a glob matches what the regular expression of the same meaning matches', () => {
  const glob = fc
    .array(fc.oneof(piece, fc.constantFrom('*', '?')), { maxLength: 8 })
    .map((parts) => parts.join(''))
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(glob, text, (pattern, name) => {
      const source = pattern
        .replaceAll(/[.()]/g, String.raw`\$&`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')
      expect(globMatches(pattern, name)).toBe(new RegExp(`^${source}$`).test(name))
    }),
    { numRuns: 2_000 },
  )
})

it('a long name does not take long', () => {
  const start = performance.now()
  expect(globMatches('*a*a*a*a*a*b', 'a'.repeat(20_000))).toBe(false)
  expect(performance.now() - start).toBeLessThan(500)
})

it('deny wins, and what is left out is left out without a trace', () => {
  const access = new ToolAccess({ allow: ['read_*', 'x'], deny: ['*_secret'] })
  const result = Buffer.from(
    '{"a":1.0,"tools":[ {"name":"no"}, {"name":"read_a","n":1e400} ,{"name":"read_secret"},{"name":"x"}],"nextCursor":"c"}',
  )
  expect(allowedTools(access, result).toString()).toBe(
    '{"a":1.0,"tools":[{"name":"read_a","n":1e400},{"name":"x"}],"nextCursor":"c"}',
  )
  for (const odd of ['{}', '{"tools":5}', '[]', '{"tools":[]}'])
    expect(allowedTools(access, Buffer.from(odd)).toString()).toBe(odd)
  expect(allowedTools(access, Buffer.from('{"tools":[1,{"name":2},{}]}')).toString()).toBe(
    '{"tools":[]}',
  )
})

it('a filter that lets everything through is none', () => {
  expect(ToolAccess.of({ allow: ['*'], deny: [] })).toBeUndefined()
  expect(ToolAccess.of({ allow: ['*'], deny: ['x'] })).toBeDefined()
  expect(ToolAccess.of({ allow: [], deny: [] })?.allows('x')).toBe(false)
})
