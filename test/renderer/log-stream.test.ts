import { describe, expect, it } from 'vitest'
import { LogBuffer } from '../../src-renderer/screens/logs/log-buffer.ts'
import { guessLevel } from '../../src-renderer/screens/logs/log-level.ts'
import {
  allLines,
  compileSearch,
  matches,
  noSearch,
  partsOf,
} from '../../src-renderer/screens/logs/log-query.ts'
import { LogRing } from '../../src-renderer/screens/logs/log-ring.ts'
import { plainText } from '../../src-renderer/screens/logs/log-text.ts'
import { LogView } from '../../src-renderer/screens/logs/log-view.ts'
import type { ApiLogLine } from '../../src-shared/api-servers.ts'

const began = Date.parse('2026-11-25T10:00:00.000Z')

function line(seq: number, atMs: number, text = `line ${seq}`): ApiLogLine {
  return { seq, time: new Date(began + atMs).toISOString(), source: 'stderr', text }
}

function texts(buffer: LogBuffer): string[] {
  return [...buffer.ring].map(({ serverId, text }) => `${serverId} ${text}`)
}

function shown(view: LogView): string[] {
  return Array.from({ length: view.shown.length }, (_, i) => view.at(i)?.text ?? '')
}

describe('the buffer of log lines', () => {
  it('orders the lines of several servers by time and takes each once', () => {
    const buffer = new LogBuffer(100)
    buffer.merge([
      { serverId: 'a', lines: [line(1, 0), line(2, 20)] },
      { serverId: 'b', lines: [line(1, 10), line(2, 30)] },
    ])
    buffer.add('a', line(2, 20))
    buffer.add('a', line(3, 40))
    expect(texts(buffer)).toEqual(['a line 1', 'b line 1', 'a line 2', 'b line 2', 'a line 3'])
  })

  it('puts lines that were missed into their places', () => {
    const buffer = new LogBuffer(100)
    buffer.add('a', line(1, 0))
    buffer.add('b', line(1, 50))
    buffer.merge([{ serverId: 'a', lines: [line(1, 0), line(2, 20), line(3, 90)] }])
    expect(texts(buffer)).toEqual(['a line 1', 'a line 2', 'b line 1', 'a line 3'])
  })

  it('takes the lines of a log that begins anew', () => {
    const buffer = new LogBuffer(100)
    buffer.add('a', line(7, 0))
    buffer.add('a', line(1, 500, 'of the next gateway'))
    expect(texts(buffer)).toEqual(['a line 7', 'a of the next gateway'])
  })

  it('keeps the last lines alone, and after clearing none comes back', () => {
    const buffer = new LogBuffer(3)
    for (let seq = 1; seq <= 10; seq++) buffer.add('a', line(seq, seq))
    expect(texts(buffer)).toEqual(['a line 8', 'a line 9', 'a line 10'])
    buffer.clear()
    buffer.merge([{ serverId: 'a', lines: [line(9, 9), line(10, 10), line(11, 11)] }])
    expect(texts(buffer)).toEqual(['a line 11'])
  })
})

describe('the ring', () => {
  it('gives every item a number of its own, for ever', () => {
    const ring = new LogRing<string>(3)
    for (const item of ['a', 'b', 'c', 'd']) ring.push(item)
    expect([ring.first, ring.end, ring.get(0), ring.get(1), ring.get(3)]).toEqual([
      1,
      4,
      undefined,
      'b',
      'd',
    ])
    ring.clear()
    ring.push('e')
    expect([...ring]).toEqual(['e'])
    expect(ring.get(ring.end - 1)).toBe('e')
    expect(ring.first).toBeGreaterThanOrEqual(4)
  })
})

describe('the view', () => {
  it('looks at new lines alone, and drops what the ring has dropped', () => {
    const buffer = new LogBuffer(4)
    const view = new LogView(buffer.ring)
    view.setFilter({ ...allLines, kinds: new Set(['error']) })
    for (let seq = 1; seq <= 8; seq++) {
      buffer.add('a', line(seq, seq, seq % 2 === 0 ? `ERROR: ${seq}` : `${seq}`))
      view.update()
    }
    expect(shown(view)).toEqual(['ERROR: 6', 'ERROR: 8'])
  })

  it('finds lines, and shows them alone if asked to', () => {
    const buffer = new LogBuffer(10)
    const view = new LogView(buffer.ring)
    for (const [i, text] of ['one', 'two', 'Tone'].entries()) buffer.add('a', line(i + 1, i, text))
    view.setSearch({ ...noSearch, text: 'ONE' })
    expect(shown(view)).toEqual(['one', 'two', 'Tone'])
    expect(view.found.length).toBe(2)
    view.setSearch({ ...noSearch, text: '^t', isRegex: true, matchCase: true, onlyMatches: true })
    expect(shown(view)).toEqual(['two'])
  })

  it('picks by server and source; lifecycle lines have no level', () => {
    const buffer = new LogBuffer(10)
    const view = new LogView(buffer.ring)
    buffer.add('a', line(1, 1, 'debug: x'))
    buffer.add('a', { ...line(2, 2, 'Stopping: idle.'), source: 'lifecycle' })
    buffer.add('b', line(1, 3, 'error: y'))
    view.setFilter({ ...allLines, kinds: new Set(['error']) })
    expect(shown(view)).toEqual(['Stopping: idle.', 'error: y'])
    view.setFilter({ ...allLines, servers: new Set(['a']), sources: new Set(['stderr']) })
    expect(shown(view)).toEqual(['debug: x'])
  })
})

describe('the search', () => {
  it('takes text as it is, and says what is wrong with an expression', () => {
    const { pattern } = compileSearch({ ...noSearch, text: 'a.b-c (1)' })
    expect(partsOf('x A.B-C (1) a-b', pattern)).toEqual([
      { text: 'x ', isMatch: false },
      { text: 'A.B-C (1)', isMatch: true },
      { text: ' a-b', isMatch: false },
    ])
    const broken = compileSearch({ ...noSearch, text: '(', isRegex: true })
    expect(broken.pattern).toBeNull()
    expect(broken.problem).toMatch(/^Not a regular expression: /)
  })

  it('highlights the first match, too, after a line was tested', () => {
    const { pattern } = compileSearch({ ...noSearch, text: 'a' })
    expect(pattern !== null && matches(pattern, 'banana')).toBe(true)
    expect(partsOf('banana', pattern).filter(({ isMatch }) => isMatch).length).toBe(3)
  })

  it('ends on expressions that match nothing at every place', () => {
    const { pattern } = compileSearch({ ...noSearch, text: 'x*', isRegex: true })
    expect(partsOf('axb', pattern)).toEqual([
      { text: 'a', isMatch: false },
      { text: 'x', isMatch: true },
      { text: 'b', isMatch: false },
    ])
  })
})

describe('the text of a line', () => {
  it.each([
    ['\u001b[31mred\u001b[0m text', 'red text'],
    ['\u001b[1;38;5;208mX\u001b[m', 'X'],
    ['\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'link'],
    ['\u001b]0;title\u001b\\after', 'after'],
    ['cut \u001b[3', 'cut '],
    ['10 %\r20 %\r30 %\r', '30 %'],
    ['bell\u0007 tab\tstays', 'bell\u2407 tab\tstays'],
    ['safe \u202egnp.exe', 'safe \ufffdgnp.exe'],
    ['plain', 'plain'],
  ])('of %j is %j', (text, expected) => {
    expect(plainText(text)).toBe(expected)
  })
})

describe('the level that a line gives itself', () => {
  it.each([
    ['ERROR: no such table', 'error'],
    ['[error] no such table', 'error'],
    ['2026-11-25 10:00:00,123 - app - WARNING - slow', 'warn'],
    ['2026-11-25T10:00:00.123Z  INFO server: listening', 'info'],
    ['[2026-11-25 10:00:00] [DEBUG] x', 'debug'],
    ['10:00:00.123 | WARN | x', 'warn'],
    ['INFO:     Started server process [1]', 'info'],
    ['INFO:root:hello', 'info'],
    ['npm ERR! code E404', 'error'],
    ['npm WARN deprecated', 'warn'],
    ['npm warn deprecated x@1', undefined],
    ['TypeError: x is not a function', 'error'],
    ['Traceback (most recent call last):', 'error'],
    ['(node:12) ExperimentalWarning: x', 'warn'],
    ['{"level":50,"time":1,"msg":"x"}', 'error'],
    ['{"time":1,"level":"warn","msg":"x"}', 'warn'],
    ['{"severity":"NOTICE"}', 'info'],
    ['time=1 level=debug msg=x', 'debug'],
    ['E1125 10:00:00.123456 1 main.go:1] x', 'error'],
    ["thread 'main' panicked at src/main.rs", 'error'],
    ['Error handling is on', undefined],
    ['No errors found', undefined],
    ['Listening on port 3000', undefined],
    ['information is power', undefined],
    ['', undefined],
  ])('of %j is %s', (text, expected) => {
    expect(guessLevel(text)).toBe(expected)
  })

  it('is guessed quickly, whatever the line', () => {
    const awkward = ['[ '.repeat(50_000), '-'.repeat(100_000), '{"'.repeat(50_000)]
    const before = performance.now()
    for (const text of awkward) guessLevel(plainText(text))
    expect(performance.now() - before).toBeLessThan(200)
  })
})
