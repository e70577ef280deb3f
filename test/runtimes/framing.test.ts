import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineFramer } from '../../src-main/runtimes/framing.ts'

/** The lines that come out when `bytes` go in, cut at `cuts`. */
function frame(bytes: Buffer, cuts: readonly number[] = [], maxLineBytes?: number) {
  const lines: string[] = []
  const overflows: number[] = []
  const framer = new LineFramer((line) => lines.push(line.toString()), {
    onOverflow: (length) => overflows.push(length),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  })
  let start = 0
  for (const cut of [...cuts].map((at) => at % (bytes.length + 1)).sort((a, b) => a - b)) {
    framer.push(bytes.subarray(start, cut))
    start = cut
  }
  framer.push(bytes.subarray(start))
  return { lines, overflows, framer }
}

describe('lines', () => {
  test('are the same however the stream is cut into chunks', () => {
    const word = fc.oneof(
      fc.constantFrom('\n', '\r\n', '\r', '\u2028', '\u2029', '\u0085', '👩‍👩‍👧', 'é', '', '\0'),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    )
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.nat()), (words, cuts) => {
        const text = words.join('') + '\n'
        const expected = Buffer.from(text)
          .toString()
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line !== '')
        expect(frame(Buffer.from(text), cuts).lines).toEqual(expected)
      }),
    )
  })

  test('are views of their chunk when they lie within one', () => {
    const chunk = Buffer.from('first\nsecond\r\n')
    const seen: Buffer[] = []
    new LineFramer((line) => seen.push(line)).push(chunk)
    expect(seen.map(String)).toEqual(['first', 'second'])
    expect(seen.every((line) => line.buffer === chunk.buffer)).toBe(true)
  })

  test('without an end wait, and are told at the end of the stream', () => {
    const { lines, framer } = frame(Buffer.from('whole\nhalf'))
    expect(lines).toEqual(['whole'])
    expect(framer.pendingBytes).toBe(4)
    framer.end()
    expect(lines).toEqual(['whole', 'half'])
  })

  test('over the limit are dropped up to their end and reported once; the next one is whole', () => {
    const text = Buffer.from(`ok\n${'x'.repeat(25)}\n${'y'.repeat(10)}\r\n${'z'.repeat(11)}\nend\n`)
    for (const cuts of [[], [5, 10, 15, 20], Array.from(text.keys())]) {
      expect(frame(text, cuts, 10)).toMatchObject({
        lines: ['ok', 'y'.repeat(10), 'end'],
        overflows: [25, 11],
      })
    }
  })

  test('over the limit hold no memory while they last', () => {
    const { framer } = frame(Buffer.alloc(1000, 'x'), [100, 200, 300], 50)
    expect(framer.pendingBytes).toBe(0)
  })

  test('of 64 MiB in small chunks take linear time', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const lengths: number[] = []
    const framer = new LineFramer((line) => lengths.push(line.length))
    const startedAt = performance.now()
    for (let index = 0; index < 1023; index += 1) framer.push(chunk)
    framer.push(Buffer.from('\n'))
    expect(lengths).toEqual([1023 * 64 * 1024])
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
