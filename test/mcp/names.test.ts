import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serverIdPattern } from '../../src-shared/catalog.ts'
import { aggregateName, aggregateUri, namePrefix, splitUri } from '../../src-main/mcp/names.ts'

const serverId = fc
  .oneof(
    fc.stringMatching(serverIdPattern),
    fc.constantFrom('a', 'a_', 'a__b', 'a.b', 'a_b', 'a-b', '1', '_1', 'A', 'a__', 'x'.repeat(64)),
  )
  .filter((id) => serverIdPattern.test(id))
const tool = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.stringMatching(/^[A-Za-z0-9_.-]{1,60}$/),
  fc.constantFrom(
    '',
    't',
    'b__t',
    '_t',
    '__t',
    't_',
    'b',
    'ü',
    'a b',
    't_deadbeef',
    '_deadbeef',
    'x'.repeat(200),
  ),
)

it('a name is safe for every client, at most 50 long, and starts with its server', () => {
  fc.assert(
    fc.property(serverId, tool, (server, name) => {
      const exposed = aggregateName(server, name)
      expect(exposed).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,49}$/)
      expect(exposed.startsWith(namePrefix(server))).toBe(true)
      expect(aggregateName(server, name)).toBe(exposed)
    }),
    { numRuns: 2_000 },
  )
})

it('two tools never have one name, whatever their servers are called', () => {
  const owners = new Map<string, string>()
  fc.assert(
    fc.property(serverId, tool, (server, name) => {
      const owner = JSON.stringify([server, name])
      const exposed = aggregateName(server, name)
      expect(owners.get(exposed) ?? owner).toBe(owner)
      owners.set(exposed, owner)
    }),
    { numRuns: 20_000 },
  )
})

it('a plain name stays readable', () => {
  expect(aggregateName('postgres', 'query')).toBe('postgres__query')
  expect(aggregateName('my-server', 'read_file')).toBe('my-server__read_file')
})

it('no server can choose a tool name that makes it look like another server', () => {
  fc.assert(
    fc.property(serverId, serverId, tool, tool, (victim, attacker, name, chosen) => {
      if (victim === attacker) return
      const target = aggregateName(victim, name)
      // What an attacker would try: the rest of the victim's name after its own prefix, and the victim's whole name.
      for (const attempt of [
        chosen,
        target,
        target.slice(namePrefix(attacker).length),
        target.slice(attacker.length + 2),
        `${victim}__${name}`,
      ])
        expect(aggregateName(attacker, attempt)).not.toBe(target)
    }),
    { numRuns: 2_000 },
  )
})

it('a resource keeps its URI behind the name of its server, and gets it back', () => {
  fc.assert(
    fc.property(serverId, fc.string({ unit: 'grapheme' }), (server, uri) => {
      expect(splitUri(aggregateUri(server, uri))).toEqual({ serverId: server, uri })
    }),
  )
  expect(splitUri('file:///x')).toBeUndefined()
  expect(splitUri('mcp://x')).toBeUndefined()
})
