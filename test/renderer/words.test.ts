import { describe, expect, test } from 'vitest'
import { withRows } from '../../src-renderer/live.ts'
import { fillTemplate, variablesOf } from '../../src-renderer/screens/server/uri-template.ts'
import {
  bytesInWords,
  counted,
  durationInWords,
  timeAgo,
  uptimeInWords,
} from '../../src-renderer/words.ts'
import { sampleServers } from './fake-data.ts'

test.each([
  [0.2, '< 1 ms'],
  [340, '340 ms'],
  [999.6, '1 s'],
  [4249, '4.2 s'],
  [42_000, '42 s'],
  [59_999, '59 s'],
  [124_000, '2 min 4 s'],
  [3_600_000, '1 h'],
  [90_000_000, '1 d 1 h'],
])('%d ms is "%s"', (ms, words) => {
  expect(durationInWords(ms)).toBe(words)
})

test('what ticks has fewer words', () => {
  expect(uptimeInWords(124_000)).toBe('2 min')
  expect(uptimeInWords(8_040_000)).toBe('2 h 14 min')
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [48_200_000, '48 MB'],
  [1_300_000_000, '1.3 GB'],
  [999_700, '1.0 MB'],
])('%d bytes are "%s"', (bytes, words) => {
  expect(bytesInWords(bytes)).toBe(words)
})

test('times are relative, and counts agree with their noun', () => {
  const now = Date.parse('2026-07-28T12:00:00Z')
  expect(timeAgo(now - 2000, now)).toBe('just now')
  expect(timeAgo(now - 12_000, now)).toBe('12 s ago')
  expect(timeAgo(now - 5 * 60_000, now)).toBe('5 min ago')
  expect(timeAgo(now - 30 * 3_600_000, now)).toBe('yesterday')
  expect(counted(1, 'server')).toBe('1 server')
  expect(counted(1204, 'server')).toBe('1,204 servers')
})

test('changed rows stay in their places, new ones come at the end', () => {
  const [a, b, c] = sampleServers(3)
  if (a === undefined || b === undefined || c === undefined) throw new Error('Three rows.')
  const changed = { ...a, request_count: 9 }
  expect(
    withRows(
      [a, b],
      new Map([
        [a.id, changed],
        [c.id, c],
      ]),
    ),
  ).toEqual([changed, b, c])
  expect(withRows(undefined, new Map([[a.id, a]]))).toBeUndefined()
})

describe('URI templates', () => {
  test('variables are found once, without their modifiers', () => {
    expect(variablesOf('db://{host}/{+path*}{?q,host,limit:3}')).toEqual([
      'host',
      'path',
      'q',
      'limit',
    ])
  })

  test.each([
    ['db://shop/{table}', 'db://shop/a%2Fb%20c'],
    ['file://{+table}', 'file://a/b%20c'],
    ['x:{?table,other}', 'x:?table=a%2Fb%20c&other=2'],
    ['x:{&other,missing}', 'x:&other=2'],
    ['x:{#table}', 'x:#a/b%20c'],
    ['x{/other,table}', 'x/2/a%2Fb%20c'],
    ['x{;other}', 'x;other=2'],
    ['x{missing}y', 'xy'],
  ])('%s', (template, uri) => {
    expect(fillTemplate(template, { table: 'a/b c', other: '2' })).toBe(uri)
  })
})
