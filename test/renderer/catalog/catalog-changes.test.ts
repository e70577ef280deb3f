import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRecord } from '../../../src-shared/json-record.ts'
import {
  catalogChanges,
  changesInWords,
  named,
} from '../../../src-renderer/screens/catalog/change-summary.ts'
import { fieldPatch, mapPatch, valueAt } from '../../../src-renderer/screens/catalog/entry-patch.ts'

const server = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  from_line: 1,
  to_line: 1,
  entry: { id, runtime: { type: 'local-process', command: id }, ...more },
})

describe('what saving does', () => {
  it('is told by server: what starts anew, what applies at once, what goes', () => {
    const before = ['a', 'b', 'c', 'd', 'e', 'gone'].map((id) => server(id))
    const after = [
      server('a', { env: { X: '1' } }),
      server('b', { env: { X: '1' } }),
      server('c', { tags: ['x'] }),
      server('d', { enabled: false }),
      server('e'),
      server('new'),
    ]
    const changes = catalogChanges(before, after)
    expect(changesInWords(changes, (id) => id === 'a')).toEqual([
      'Adds new.',
      'Restarts a, once what is in flight has ended.',
      'Changes b, from the next start on.',
      'Changes c, at once, without a restart.',
      'Disables d.',
      'Removes gone.',
    ])
    expect(changesInWords(changes, () => true)).toContain('Stops and removes gone.')
  })

  it('is nothing for servers where only comments, order or an explicit default of the same changed', () => {
    const before = [server('a', { env: { A: '1', B: '2' } }), server('b')]
    const after = [server('b'), server('a', { env: { B: '2', A: '1' } })]
    expect(changesInWords(catalogChanges(before, after), () => true)).toEqual([
      'Changes no server: comments and formatting only.',
    ])
    expect(catalogChanges([server('a')], [server('a', { enabled: true })])).toEqual([
      { kind: 'changed', id: 'a', effect: 'live' },
    ])
  })

  it('names a few and counts the rest', () => {
    expect(named(['a'])).toBe('a')
    expect(named(['a', 'b', 'c'])).toBe('a, b and c')
    expect(named(['a', 'b', 'c', 'd', 'e'])).toBe('a, b and 3 more')
  })
})

const json = fc.jsonValue({ depthSize: 'small' })
const noNull = json.filter((value) => !JSON.stringify(value).includes('null'))

describe('a field’s patch', () => {
  /** RFC 7396. */
  const merge = (target: unknown, patch: unknown): unknown => {
    if (!isRecord(patch)) return patch
    const result = isRecord(target) ? { ...target } : {}
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete result[key]
      else result[key] = merge(result[key], value)
    }
    return result
  }

  it('writes a value at its place, and takes it away again', () => {
    const saved = { id: 'a', runtime: { type: 'local-process', command: 'x' } }
    const options = { defaultValue: [], saved }
    const patch = fieldPatch(['runtime', 'args'], ['-y'], options)
    expect(merge(saved, patch)).toEqual({ ...saved, runtime: { ...saved.runtime, args: ['-y'] } })
    expect(fieldPatch(['runtime', 'args'], undefined, options)).toEqual({ runtime: { args: null } })
    expect(fieldPatch(['runtime', 'args'], [], options)).toEqual({ runtime: { args: null } })
  })

  it('keeps a default that the file has written out', () => {
    const saved = { id: 'a', enabled: true }
    const options = { defaultValue: true, saved }
    expect(fieldPatch(['enabled'], false, options)).toEqual({ enabled: false })
    expect(fieldPatch(['enabled'], true, options)).toEqual({ enabled: true })
  })

  it('makes one map of another, without touching what is the same', () => {
    const map = fc.dictionary(
      fc.stringMatching(/^[A-Z]{1,3}$/),
      noNull.filter((v) => !isRecord(v)),
    )
    fc.assert(
      fc.property(map, map, (before, after) => {
        const patch = mapPatch(before, after)
        expect(merge(before, patch)).toEqual(after)
        for (const key of Object.keys(patch)) expect(patch[key]).not.toEqual(before[key])
      }),
    )
    expect(valueAt({ a: { b: 1 } }, ['a', 'b'])).toBe(1)
    expect(valueAt({ a: 5 }, ['a', 'b'])).toBeUndefined()
  })
})
