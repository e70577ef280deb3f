import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { ServerLog } from '../../src-main/telemetry/server-log.ts'
import type { LogLine } from '../../src-shared/server-state.ts'

const redactor = new Redactor()
const wall = (): number => 0
const texts = (log: ServerLog): string[] => log.lines().map((line) => line.text)

test('lines come back oldest first, numbered, with time and source', () => {
  const log = new ServerLog({ redactor, wall })
  log.append('lifecycle', 'started')
  log.append('stderr', 'listening\r')
  expect(log.lines()).toEqual([
    { seq: 1, time: '1970-01-01T00:00:00.000Z', source: 'lifecycle', text: 'started' },
    { seq: 2, time: '1970-01-01T00:00:00.000Z', source: 'stderr', text: 'listening' },
  ])
})

test('the oldest lines give way; the numbers show the gap', () => {
  const log = new ServerLog({ redactor, wall, capacityLines: 3 })
  for (let i = 1; i <= 5; i++) log.append('stderr', `line ${i}`)
  expect(log.lines().map((line) => line.seq)).toEqual([3, 4, 5])
})

test('it never holds more than its bytes and lines, and always the newest lines', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 60, unit: 'grapheme' })), (lines) => {
      const log = new ServerLog({ redactor, wall, capacityLines: 7, capacityBytes: 100 })
      for (const line of lines) log.append('stderr', line)
      const kept = log.lines()
      expect(kept.length).toBeLessThanOrEqual(7)
      const bytes = kept.reduce((sum, line) => sum + Buffer.byteLength(line.text), 0)
      expect(kept.length <= 1 || bytes <= 100).toBe(true)
      expect(kept.at(-1)?.seq).toBe(lines.length === 0 ? undefined : lines.length)
      expect(kept.map((line) => line.seq)).toEqual(
        kept.map((_, i) => lines.length - kept.length + 1 + i),
      )
    }),
  )
})

test('a line without an end is cut', () => {
  const log = new ServerLog({ redactor, wall })
  log.append('stderr', 'x'.repeat(1_000_000))
  expect(texts(log)[0]?.length).toBeLessThan(17_000)
})

test('secrets are masked before they are kept or told', () => {
  const known = new Redactor()
  known.add('hunter22')
  const log = new ServerLog({ redactor: known, wall })
  const told: LogLine[] = []
  log.follow((line) => told.push(line))
  log.append('stderr', 'login hunter22')
  expect(texts(log)).toEqual(['login ***'])
  expect(told.map((line) => line.text)).toEqual(['login ***'])
})

test('followers get what comes after, until they leave; one that fails costs nobody else', () => {
  const log = new ServerLog({ redactor, wall })
  const told: string[] = []
  log.append('stderr', 'before')
  log.follow(() => {
    throw new Error('broken')
  })
  const leave = log.follow((line) => told.push(line.text))
  log.append('stderr', 'one')
  log.append('stderr', 'two')
  leave()
  leave()
  log.append('stderr', 'after')
  expect(told).toEqual(['one', 'two'])
  expect(texts(log)).toHaveLength(4)
})
