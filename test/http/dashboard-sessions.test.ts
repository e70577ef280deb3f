import { expect, test } from 'vitest'
import { DashboardSessions } from '../../src-main/http/dashboard-sessions.ts'

const minute = 60_000
const hour = 60 * minute

function sessions() {
  const clock = { now: 1_000 }
  const table = new DashboardSessions({ now: () => clock.now })
  const open = (): string => table.exchange(table.createCode().code)
  return { clock, table, open }
}

test('a code gives one bearer, once', () => {
  const { table } = sessions()
  const { code } = table.createCode()
  expect(code).toMatch(/^[\w-]{43}$/)
  const token = table.exchange(code)
  expect(token).toMatch(/^ui_[\w-]{43}$/)
  expect(table.find(token)).toMatchObject({ name: 'dashboard-1' })
  expect(() => table.exchange(code)).toThrow('used up')
})

test('a code is good for five minutes', () => {
  const { clock, table } = sessions()
  const [early, late] = [table.createCode(), table.createCode()]
  clock.now += 5 * minute - 1
  table.exchange(early.code)
  clock.now += 1
  expect(() => table.exchange(late.code)).toThrow('too old')
})

test('wrong, used and old codes are answered alike, and not without end; a right one still passes', () => {
  const { clock, table, open } = sessions()
  const { code: used } = table.createCode()
  table.exchange(used)
  const refusal = (code: string): unknown => {
    try {
      return table.exchange(code)
    } catch (error) {
      return error
    }
  }
  expect(refusal('x')).toEqual(refusal(used))
  for (let i = 0; i < 8; i++) expect(refusal('')).toMatchObject({ code: 'unauthorized' })
  expect(refusal('x')).toMatchObject({ code: 'too_many', retryAfterSeconds: 6 })
  expect(open()).toMatch(/^ui_/)
  clock.now += 6_000
  expect(refusal('x')).toMatchObject({ code: 'unauthorized' })
  expect(refusal('x')).toMatchObject({ code: 'too_many' })
})

test('a bearer lives twelve hours after its last use, seven days at most', () => {
  const { clock, table, open } = sessions()
  const idle = open()
  const used = open()
  const ended = table.find(used)?.ended
  for (let i = 0; i < 7 * 24; i += 8) {
    expect(table.find(used)).toBeDefined()
    clock.now += 8 * hour
  }
  expect(table.find(idle)).toBeUndefined()
  expect(ended?.aborted).toBe(false)
  expect(table.find(used)).toBeUndefined()
  expect(ended?.aborted).toBe(true)
  const another = open()
  clock.now += 12 * hour
  expect(table.find(another)).toBeUndefined()
})

test('more windows than 32 push out the one that was used longest ago', () => {
  const { clock, table, open } = sessions()
  const tokens = Array.from({ length: 32 }, () => {
    clock.now++
    return open()
  })
  clock.now++
  table.find(tokens[0] ?? '')
  open()
  const alive = tokens.map((token) => table.find(token) !== undefined)
  expect(alive.indexOf(false)).toBe(1)
  expect(alive.filter((each) => !each)).toHaveLength(1)
})

test('more codes than 16 push out the oldest', () => {
  const { table } = sessions()
  const codes = Array.from({ length: 17 }, () => table.createCode().code)
  expect(() => table.exchange(codes[0] ?? '')).toThrow('used up')
  table.exchange(codes[1] ?? '')
})

test('all but one can be ended, with the codes that are out', () => {
  const { table, open } = sessions()
  const [mine, theirs] = [open(), open()]
  const { code } = table.createCode()
  const ended = table.find(theirs)?.ended
  table.endOthers(table.find(mine)?.name ?? '')
  expect(ended?.aborted).toBe(true)
  expect([table.find(mine), table.find(theirs)]).toEqual([expect.anything(), undefined])
  expect(() => table.exchange(code)).toThrow('used up')
})
