import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  mostEntries,
  noEntries,
  passes,
  withNew,
  withOlder,
} from '../../src-renderer/screens/activity/activity-entries.ts'
import { prettyLines, readJson } from '../../src-renderer/screens/activity/kept-json.ts'
import { diffLines } from '../../src-renderer/screens/activity/line-diff.ts'
import { RequestRate } from '../../src-renderer/screens/activity/request-rate.ts'
import type { ActivityEntry } from '../../src-shared/api.ts'

const began = Date.parse('2026-11-25T10:00:00.000Z')

function entry(id: number, more: Partial<ActivityEntry> = {}): ActivityEntry {
  return {
    id,
    time: new Date(began + id * 1000).toISOString(),
    client: 'Cursor',
    server_id: 'postgres',
    method: 'tools/call',
    target: 'query',
    duration_ms: id,
    outcome: 'ok',
    error: null,
    ...more,
  }
}

const ids = (entries: readonly ActivityEntry[]) => entries.map(({ id }) => id)

describe('the list of requests', () => {
  it('is newest first, takes each once, and grows at both ends', () => {
    let list = withOlder(noEntries, [entry(5), entry(4)], true)
    list = withNew(list, [entry(6), entry(7), entry(5)], false)
    list = withOlder(list, [entry(4), entry(3)], false)
    expect(ids(list.shown)).toEqual([7, 6, 5, 4, 3])
    expect(list.more).toBe(false)
  })

  it('holds new ones while a person reads, and shows them afterwards', () => {
    let list = withOlder(noEntries, [entry(1)], false)
    list = withNew(list, [entry(2)], true)
    list = withNew(list, [entry(3)], true)
    expect([ids(list.shown), ids(list.held)]).toEqual([[1], [3, 2]])
    list = withNew(list, [], false)
    expect([ids(list.shown), ids(list.held)]).toEqual([[3, 2, 1], []])
  })

  it('is bounded: the oldest go, and can be read again', () => {
    const many = Array.from({ length: mostEntries }, (_, i) => entry(i + 1))
    const list = withNew(withOlder(noEntries, many, false), [entry(mostEntries + 1)], false)
    expect(list.shown.length).toBe(mostEntries)
    expect(list.shown.at(-1)?.id).toBe(2)
    expect(list.more).toBe(true)
  })

  it('filters what comes by event as the gateway does', () => {
    expect(passes({ text: 'QUER' }, entry(1))).toBe(true)
    expect(passes({ text: 'timeout' }, entry(1, { error: 'A Timeout.' }))).toBe(true)
    expect(passes({ text: 'cursor' }, entry(1))).toBe(false)
    expect(passes({ server_id: 'x' }, entry(1))).toBe(false)
    expect(passes({ outcome: 'error' }, entry(1))).toBe(false)
    expect(passes({ client: 'Cursor', outcome: 'ok' }, entry(1))).toBe(true)
  })
})

describe('the difference of two answers', () => {
  const lines = (text: string) => text.split('')

  it('names what went and what came', () => {
    expect(diffLines(lines('abcde'), lines('abxde'))).toEqual([
      { kind: 'same', lines: ['a', 'b'] },
      { kind: 'removed', lines: ['c'] },
      { kind: 'added', lines: ['x'] },
      { kind: 'same', lines: ['d', 'e'] },
    ])
    expect(diffLines(lines('ab'), lines('ab'))).toEqual([{ kind: 'same', lines: ['a', 'b'] }])
    expect(diffLines([], [])).toEqual([])
  })

  it('leads from the one to the other and back, by a shortest way', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        const runs = diffLines(before, after)
        const side = (not: 'added' | 'removed') =>
          runs.flatMap((run) => (run.kind === not ? [] : run.lines))
        expect(side('added')).toEqual(before)
        expect(side('removed')).toEqual(after)
        const edits = runs.flatMap((run) => (run.kind === 'same' ? [] : run.lines)).length
        expect(edits).toBe(before.length + after.length - 2 * longestCommon(before, after))
      }),
    )
  })

  it('is quick where nothing is shared', () => {
    const before = Array.from({ length: 20_000 }, (_, i) => `before ${i}`)
    const after = Array.from({ length: 20_000 }, (_, i) => `after ${i}`)
    const began = performance.now()
    expect(diffLines(before, after).map(({ kind }) => kind)).toEqual(['removed', 'added'])
    expect(performance.now() - began).toBeLessThan(1500)
  })
})

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row: number[] = Array.from({ length: b.length + 1 }, () => 0)
  for (const x of a) {
    const next = [0]
    for (const [j, y] of b.entries())
      next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}

describe('a kept JSON text', () => {
  it('is written as JSON.stringify would, line by line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(prettyLines(readJson(text)).join('\n')).toBe(
          JSON.stringify(JSON.parse(text), null, 2),
        )
      }),
    )
  })

  it('keeps whole numbers that a double cannot hold', () => {
    expect(prettyLines(readJson('{"id":9007199254740993}'))).toContain('  "id": 9007199254740993')
  })

  it('may be none', () => {
    expect(readJson('{"cut')).toEqual({ text: '{"cut', value: undefined, isJson: false })
    expect(prettyLines(readJson('a\nb'))).toEqual(['a', 'b'])
  })
})

describe('the request rate', () => {
  it('counts by half minutes, each request once, and forgets what is out of sight', () => {
    const rate = new RequestRate()
    for (let id = 0; id < 10; id++) rate.add(entry(id))
    rate.add(entry(3))
    rate.add(entry(40))
    const points = rate.points(began + 60_000)
    expect(points.length).toBe(30)
    expect(points.at(-3)).toEqual({ time: began, perMinute: 20, p50: 4, p95: 9 })
    expect(points.at(-2)).toMatchObject({ perMinute: 2, p50: 40 })
    expect(points.at(-1)).toEqual({ time: began + 60_000, perMinute: 0, p50: null, p95: null })
    const later = rate.points(began + 15 * 60_000)
    expect(later[0]).toMatchObject({ time: began + 30_000, perMinute: 2 })
    expect(rate.points(began + 60_000).at(-3)?.perMinute).toBe(0)
  })
})
