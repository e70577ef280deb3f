import fc from 'fast-check'
import { createParser } from 'eventsource-parser'
import { expect, test } from 'vitest'
import { SseReader } from '../../src-main/runtimes/sse-reader.ts'

interface Seen {
  events: string[]
  dropped: string[]
  reader: SseReader
}

function reading(maxBytes: number): Seen {
  const events: string[] = []
  const dropped: string[] = []
  const reader = new SseReader(createParser, maxBytes, {
    event: ({ type, data }) => events.push(`${type}:${data.toString('latin1')}`),
    tooLarge: (tail) => dropped.push(tail.toString('latin1')),
  })
  return { events, dropped, reader }
}

function pushInPieces(reader: SseReader, bytes: Buffer, cuts: readonly number[]): void {
  let at = 0
  for (const cut of cuts.map((one) => one % (bytes.length + 1)).toSorted((a, b) => a - b)) {
    reader.push(bytes.subarray(at, cut))
    at = cut
  }
  reader.push(bytes.subarray(at))
}

// Any bytes but line ends: invalid UTF-8 too comes out as it went in.
const line = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) =>
    Buffer.from(bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d)).toString('latin1'),
  )
const eol = fc.constantFrom('\n', '\r\n')
const cuts = fc.array(fc.nat(), { maxLength: 20 })

test('events are byte for byte what came, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), eol, cuts, (lines, end, at) => {
      const text = lines.map((one) => `data: ${one}${end}${end}`).join('')
      const { events, reader } = reading(1_000)
      pushInPieces(reader, Buffer.from(text, 'latin1'), at)
      expect(events).toEqual(lines.map((one) => `message:${one}`))
    }),
  )
})

test('an event over the limit is skipped to its end, and those around it are not', () => {
  const size = fc.integer({ min: 101, max: 2_500 })
  fc.assert(
    fc.property(
      line,
      size,
      line,
      eol,
      fc.boolean(),
      cuts,
      (before, bytes, after, end, inLines, at) => {
        const long = inLines ? `x${end}data: `.repeat(bytes) : 'x'.repeat(bytes)
        const text = [before, `${long}"id":7}`, after]
          .map((one) => `data: ${one}${end}${end}`)
          .join('')
        const { events, dropped, reader } = reading(100)
        pushInPieces(reader, Buffer.from(text, 'latin1'), at)
        // The end of the stream may be in doubt after a lone carriage return; a comment settles it.
        reader.push(Buffer.from(':\n\n'))
        expect(events).toEqual([`message:${before}`, `message:${after}`])
        expect(dropped).toHaveLength(1)
        expect(dropped[0]?.trimEnd()).toMatch(/"id":7\}$/)
      },
    ),
  )
})

test('an event of exactly the limit is no event over it', () => {
  const { events, dropped, reader } = reading(5_000)
  pushInPieces(reader, Buffer.from(`data: ${'x'.repeat(5_000)}\r\n\r\n`), [5_006, 5_007, 5_008])
  expect(events[0]).toHaveLength('message:'.length + 5_000)
  pushInPieces(reader, Buffer.from(`data: ${'x'.repeat(5_001)}\n\n`), [3])
  expect([events.length, dropped.length]).toEqual([1, 1])
})

test('remembers the last event id and the pause asked for', () => {
  const { reader } = reading(1_000)
  expect(reader.reconnectDelayMs(0, 1_000)).toBe(1_000)
  reader.push(Buffer.from('id: 4\nretry: 70\ndata:\n\ndata: x\n\n'))
  expect(reader.lastEventId).toBe('4')
  expect([0, 1, 2, 99].map((n) => reader.reconnectDelayMs(n, 1_000))).toEqual([70, 140, 280, 2_240])
  reader.restart()
  reader.push(Buffer.from('id: \ndata:\n\n'))
  expect(reader.lastEventId).toBeUndefined()
})

test('takes a big event in small pieces in linear time', () => {
  const { events, reader } = reading(64 * 1024 * 1024)
  const piece = Buffer.alloc(64 * 1024, 0x61)
  const start = performance.now()
  reader.push(Buffer.from('data: '))
  for (let i = 0; i < 512; i++) reader.push(piece)
  reader.push(Buffer.from('\n\n'))
  expect(events[0]).toHaveLength('message:'.length + 32 * 1024 * 1024)
  expect(performance.now() - start).toBeLessThan(3_000)
})
