import fc from 'fast-check'
import { createTwoFilesPatch } from 'diff'
import { describe, expect, test } from 'vitest'
import { ToolAccess } from '../../src-main/mcp/tool-filter.ts'
import { linesOf } from '../../src-renderer/components/unified-diff-lines.ts'
import {
  draftOf,
  limitsOf,
  ruleOf,
  withTool,
} from '../../src-renderer/screens/clients/access/limits-draft.ts'
import {
  connectInput,
  firstDraft,
} from '../../src-renderer/screens/clients/connect/connect-draft.ts'
import { listedClients, shownClients } from '../../src-renderer/screens/clients/listed-client.ts'
import type { ClientRow } from '../../src-shared/api-clients.ts'
import type { AccessRow } from '../../src-shared/client-access.ts'

const row = (id: string, more: Partial<ClientRow> = {}): ClientRow => ({
  id,
  name: id,
  found: true,
  found_by: [],
  file: `/home/ada/${id}.json`,
  file_exists: true,
  choices: [],
  problem: null,
  kinds: ['shim-all', 'shim-per-server', 'http'],
  has_project_file: false,
  restart: null,
  tool_limit: null,
  notes: [],
  connections: [],
  ...more,
})

const access = (id: string, more: Partial<AccessRow> = {}): AccessRow => ({
  id,
  name: id,
  has_token: false,
  created: null,
  last_seen: null,
  revoked: null,
  limits: null,
  sessions: 0,
  request_count: 0,
  error_count: 0,
  ...more,
})

const connection = {
  file: '/home/ada/one.json',
  project: null,
  kind: 'shim-all' as const,
  entries: ['mine'],
  connected_at: '2026-02-02T00:00:00.000Z',
  can_undo: true,
}

describe('the state of a client', () => {
  const connected = { connections: [connection] }
  const late = '2026-02-03T00:00:00.000Z'
  test.each<[string, ClientRow | undefined, AccessRow | undefined]>([
    ['connected', row('a', connected), access('a', { last_seen: late })],
    // It came, but before it was connected.
    ['unseen', row('a', connected), access('a', { last_seen: '2026-01-01T00:00:00.000Z' })],
    ['unseen', row('a', connected), undefined],
    ['problem', row('a', connected), access('a', { revoked: late, last_seen: late })],
    ['found', row('a'), undefined],
    // Disconnecting takes its access back.
    ['found', row('a'), access('a', { revoked: late, last_seen: late })],
    ['allowed', row('a'), access('a', { last_seen: late })],
    ['absent', row('a', { found: false }), undefined],
    ['problem', row('a', { kinds: [], problem: 'It is read alone.' }), undefined],
    // That a person has to choose a file is said as it is connected.
    ['found', row('a', { file: null, choices: ['/b'], problem: 'Choose one.' }), undefined],
    ['allowed', undefined, access('a', { has_token: true })],
    ['revoked', undefined, access('a', { revoked: late })],
  ])('%s', (state, one, two) => {
    const [client] = listedClients(one === undefined ? [] : [one], two === undefined ? [] : [two])
    expect(client?.state).toBe(state)
  })

  test('those in use come first; what is typed is looked for among all, those not found as well', () => {
    const clients = listedClients(
      [row('zed', { found: false }), row('b'), row('a'), row('used', connected)],
      [access('robot', { has_token: true })],
    )
    expect(clients.map(({ id }) => id)).toEqual(['used', 'robot', 'a', 'b', 'zed'])
    expect(shownClients(clients, 'here', '').map(({ id }) => id)).not.toContain('zed')
    expect(shownClients(clients, 'connected', '').map(({ id }) => id)).toEqual(['used', 'robot'])
    expect(shownClients(clients, 'connected', 'ZED json').map(({ id }) => id)).toEqual(['zed'])
  })
})

test('what is asked for in a connection is what was chosen, and nothing until all is said', () => {
  const one = row('one', { connections: [connection], has_project_file: true })
  const draft = firstDraft(one)
  expect(connectInput(one, draft)).toEqual({ input: { id: 'one', kind: 'shim-all', name: 'mine' } })
  expect(connectInput(one, { ...draft, place: 'project' })).toHaveProperty('missing')
  expect(connectInput(one, { ...draft, place: 'project', project: ' /work ' })).toEqual({
    input: { id: 'one', kind: 'shim-all', name: 'mine', project: '/work' },
  })
  expect(connectInput(one, { ...draft, name: 'a b' })).toHaveProperty('missing')
  const some = { ...draft, name: '', kind: 'shim-per-server' as const, servers: new Set(['x']) }
  expect(connectInput(one, some)).toEqual({
    input: { id: 'one', kind: 'shim-per-server', servers: ['x'] },
  })
  expect(connectInput(one, { ...some, servers: new Set<string>() })).toHaveProperty('missing')
  const choices = row('two', { file: null, choices: ['/a', '/b'] })
  expect(connectInput(choices, firstDraft(choices))).toHaveProperty('missing')
})

describe('limits', () => {
  const glob = fc.stringMatching(/^[a-c_*?\\]{1,8}$/)
  const name = fc.stringMatching(/^[a-c]{1,3}__[a-c*?\\]{1,4}$/)
  const globs = fc.array(glob, { maxLength: 4 })

  test('the window judges tools as the gateway does', () => {
    fc.assert(
      fc.property(globs, globs, name, (allow, deny, tool) => {
        const draft = { servers: null, allow: allow.join('\n'), deny: deny.join('\n') }
        const tools = limitsOf(draft)?.tools
        const gate = tools && ToolAccess.of(tools)
        expect(ruleOf(tool, draft).isAllowed).toBe(gate?.allows(tool) ?? true)
      }),
    )
  })

  test('a tool that is hidden by its name is hidden, and seen again, and nothing else changes', () => {
    fc.assert(
      fc.property(name, name, (tool, other) => {
        fc.pre(tool !== other)
        const none = draftOf(null)
        const hidden = withTool(none, tool, false)
        expect(ruleOf(tool, hidden)).toEqual({ isAllowed: false, by: 'itself' })
        expect(ruleOf(other, hidden).isAllowed).toBe(true)
        expect(limitsOf(withTool(hidden, tool, true))).toBeNull()
      }),
    )
  })

  test('what is read comes back the same', () => {
    const limits = { servers: ['a'], tools: { allow: ['a__*'], deny: ['*x'] } }
    expect(limitsOf(draftOf(limits))).toEqual(limits)
    expect(limitsOf(draftOf({ servers: [] }))).toEqual({ servers: [] })
    expect(limitsOf(draftOf(null))).toBeNull()
  })
})

test('lines of a unified diff have the numbers of their texts', () => {
  const line = fc.constantFrom('a', 'b', '- c', '+ d', '@@ e', '')
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      fc.pre(before.join('\n') !== after.join('\n'))
      const patch = createTwoFilesPatch('f', 'f', before.join('\n'), after.join('\n'), '', '')
      for (const { kind, text, number } of linesOf(patch)) {
        if (kind === 'gap') continue
        expect((kind === 'added' ? after : before)[number - 1]).toBe(text)
      }
    }),
  )
})
