import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinFile, splitFile } from '../../../src-renderer/editor/file-text.ts'
import { textChanges } from '../../../src-renderer/editor/text-changes.ts'
import { mergeTexts } from '../../../src-renderer/editor/text-merge.ts'

const piece = fc.constantFrom(
  'a',
  'b',
  'id: x',
  '  # note',
  '\n',
  '\r\n',
  '\r',
  '\ufeff',
  ' ',
  '😀',
)
const text = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''))
const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', ''), { maxLength: 12 })

describe('a file in the editor', () => {
  it('comes back byte for byte, whatever its line breaks', () => {
    fc.assert(
      fc.property(text, (file) => {
        const { body, shape } = splitFile(file)
        expect(joinFile(body, shape)).toBe(file)
      }),
    )
  })

  it('written on Windows gets lines as Windows has them', () => {
    const { body, shape } = splitFile('\ufeffa\r\nb\r\n')
    expect(body).toBe('a\nb\n')
    expect(joinFile('a\nnew\nb\n', shape)).toBe('\ufeffa\r\nnew\r\nb\r\n')
    expect(splitFile('a\r\nb\n').body).toBe('a\r\nb\n')
  })
})

describe('the changes from one text to another', () => {
  const apply = (before: string, after: string): string => {
    let out = ''
    let at = 0
    for (const { from, to, insert } of textChanges(before, after)) {
      out += before.slice(at, from) + insert
      at = to
    }
    return out + before.slice(at)
  }

  it('lead there', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(apply(before, after)).toBe(after)
      }),
    )
  })

  it('touch nothing else', () => {
    const before = 'servers:\n  - id: a\n    enabled: true # why\n  - id: b\n'
    const after = before.replace('true', 'false').replace('id: b', 'id: b\n    tags: [x]')
    const changes = textChanges(before, after)
    const changed = changes.reduce((sum, { from, to }) => sum + to - from, 0)
    expect(changed).toBeLessThanOrEqual(4)
    expect(
      changes.every(({ from }) => from < before.indexOf('#') || from >= before.indexOf('b\n')),
    ).toBe(true)
    expect(textChanges(before, before)).toEqual([])
  })
})

describe('two people’s changes of one text', () => {
  const joined = (parts: readonly string[]) => parts.join('\n')

  it('come together where they are apart', () => {
    const base = 'servers:\n  - id: a\n    enabled: true\n\n  - id: b\n    tags: [x]\n'
    const mine = base.replace('enabled: true', 'enabled: false')
    const theirs = base.replace('[x]', '[x, y]') + '  - id: c\n'
    expect(mergeTexts(base, mine, theirs)).toBe(
      'servers:\n  - id: a\n    enabled: false\n\n  - id: b\n    tags: [x, y]\n  - id: c\n',
    )
  })

  it('do not where they meet', () => {
    const base = 'a\nb\nc\n'
    expect(mergeTexts(base, 'a\nmine\nc\n', 'a\ntheirs\nc\n')).toBeUndefined()
    expect(mergeTexts(base, 'mine\nb\nc\n', 'a\ntheirs\nc\n')).toBeUndefined()
    expect(mergeTexts(base, 'a\nb\nc\nmine\n', 'a\nb\nc\ntheirs\n')).toBeUndefined()
    expect(mergeTexts(base, 'a\nc\n', 'a\ntheirs\nc\n')).toBeUndefined()
  })

  it('are the one’s where the other changed nothing, and one where both did the same', () => {
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const [base, other] = [joined(a), joined(b)]
        expect(mergeTexts(base, other, base)).toBe(other)
        expect(mergeTexts(base, base, other)).toBe(other)
        expect(mergeTexts(base, other, other)).toBe(other)
      }),
    )
  })

  it('are the same whose turn ever it is, and lose no line that one has added', () => {
    fc.assert(
      fc.property(lines, lines, lines, (a, b, c) => {
        const [base, mine, theirs] = [joined(a), joined(b), joined(c)]
        const merged = mergeTexts(base, mine, theirs)
        expect(mergeTexts(base, theirs, mine)).toBe(merged)
        if (merged === undefined) return
        for (const own of [b, c])
          for (const line of own)
            if (line !== '' && !a.includes(line)) expect(merged.split('\n')).toContain(line)
      }),
    )
  })
})
