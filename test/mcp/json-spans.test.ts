import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src-shared/errors.ts'
import { glanceAtResult, onOneLine, readEnvelope } from '../../src-main/mcp/envelope.ts'
import {
  arrayItems,
  eachMember,
  JsonSyntaxError,
  member,
  parseSpan,
  skipValue,
  slice,
  spliced,
  stringAt,
} from '../../src-main/mcp/json-spans.ts'

const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 })

/** A string as somebody might write it: any character may be escaped, in any of the ways that JSON has. */
const stringText = fc
  .array(
    fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }), fc.nat({ max: 3 })),
    {
      maxLength: 60,
    },
  )
  .map(
    (parts) =>
      `"${parts
        .map(([text, how]) => {
          if (!text.isWellFormed()) return ''
          const plain = JSON.stringify(text).slice(1, -1)
          if (how === 0)
            return [...Array(text.length).keys()]
              .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
              .join('')
          return how === 1 ? plain.replaceAll('/', '\\/') : plain
        })
        .join('')}"`,
  )

const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1.0',
    '9007199254740993',
    '1e400',
    '-1E-7',
    '10000000000000000000000',
    '0.10',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
)

/** JSON text in any spelling: blanks, escapes, duplicate keys, numbers that no double holds. */
const { json } = fc.letrec<{ json: string; array: string; object: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null'),
    numberText,
    stringText,
    tie('array'),
    tie('object'),
  ),
  array: fc
    .array(fc.tuple(blank, tie('json'), blank), { maxLength: 5 })
    .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
  object: fc
    .array(
      fc.tuple(
        blank,
        fc.oneof(stringText, fc.constantFrom('"a"', '"b"', '"__proto__"')),
        blank,
        blank,
        tie('json'),
        blank,
      ),
      { maxLength: 5 },
    )
    .map(
      (members) =>
        `{${members.map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`).join(',')}}`,
    ),
}))

const whole = (bytes: Buffer) => ({ start: 0, end: bytes.length })

describe('spans of JSON text', () => {
  it('a value is skipped to its end, whatever follows it', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ',', ']', '}', ' x'), (text, after) => {
        const bytes = Buffer.from(text + after)
        expect(skipValue(bytes, 0)).toBe(Buffer.byteLength(text))
      }),
    )
  })

  it('members are those of JSON.parse, the last of equal keys', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.oneof(stringText, fc.constantFrom('"a"', '"a"', '"\\u0061"')), blank, json),
          { maxLength: 8 },
        ),
        (members) => {
          const text = `{${members.map(([key, gap, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`).join(',')}}`
          const bytes = Buffer.from(text)
          const parsed = new Map(Object.entries(JSON.parse(text) as object))
          const seen = new Set<string>()
          expect(eachMember(bytes, 0, (key) => seen.add(key))).toBe(bytes.length)
          expect([...seen].toSorted()).toEqual(
            members
              .map(([key]) => JSON.parse(key) as string)
              .filter((key, i, all) => all.indexOf(key) === i)
              .toSorted(),
          )
          for (const [key, value] of parsed) {
            const span = member(bytes, whole(bytes), key)
            expect(span && parseSpan(bytes, span)).toEqual(value)
          }
          expect(member(bytes, whole(bytes), 'no such key')).toBeUndefined()
        },
      ),
    )
  })

  it('items are those of JSON.parse', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(blank, json, blank)), (items) => {
        const text = `[${items.map((item) => item.join('')).join(',')}]`
        const bytes = Buffer.from(text)
        expect(arrayItems(bytes, 0).map((span) => slice(bytes, span).toString())).toEqual(
          items.map(([, item]) => item),
        )
      }),
    )
  })

  it('strings are read as JSON.parse reads them', () => {
    fc.assert(
      fc.property(stringText, (text) => {
        const bytes = Buffer.from(text)
        expect(stringAt(bytes, whole(bytes))).toBe(JSON.parse(text))
      }),
    )
  })

  it('a splice changes what it names and nothing else', () => {
    fc.assert(
      fc.property(json, json, json, (first, second, text) => {
        const before = `{"x": ${first} ,"y":[${second}]}`
        const bytes = Buffer.from(before)
        const at = member(bytes, whole(bytes), 'y')
        const x = member(bytes, whole(bytes), 'x')
        if (!at || !x) throw new Error('not found')
        const edits = [
          { ...at, text: Buffer.from(text) },
          { ...x, text: Buffer.from('1.0') },
        ]
        expect(spliced(bytes, edits).toString()).toBe(`{"x": 1.0 ,"y":${text}}`)
        expect(spliced(bytes, [{ ...x, text: Buffer.alloc(0) }], x).toString()).toBe('')
      }),
    )
  })

  it('what JSON.parse refuses is refused, but for the inside of strings', () => {
    fc.assert(
      fc.property(
        json,
        fc.nat(),
        fc.nat(),
        fc.constantFrom('', ',', ':', '}', ']', '{', '[', '"', '1', '-', '.', 'e', 't'),
        (text, from, length, put) => {
          const at = from % (text.length + 1)
          const broken = text.slice(0, at) + put + text.slice(at + (length % 3))
          if (!broken.isWellFormed()) return
          let isJson = true
          try {
            JSON.parse(broken)
          } catch {
            isJson = false
          }
          const bytes = Buffer.from(`[${broken}]`)
          let isSkipped: boolean
          try {
            isSkipped = skipValue(bytes, 0) === bytes.length
          } catch (error) {
            expect(error).toBeInstanceOf(JsonSyntaxError)
            isSkipped = false
          }
          if (isJson) expect(isSkipped).toBe(true)
          // Where no string is involved, the other way round too. (The brackets around make `1,2` and nothing valid.)
          else if (!broken.includes('"') && !broken.includes(',') && broken.trim() !== '')
            expect(isSkipped).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('an envelope', () => {
  it('of arbitrary bytes is read or refused, and nothing else happens', () => {
    const bits = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      'id',
      '"id"',
      '"method"',
      '"params"',
      '"result"',
      'null',
      '1',
      '"2.0"',
      '"jsonrpc":"2.0"',
      '\\u',
      '\\x',
      'é',
      '\0',
      '\n',
      ' ',
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.array(bits, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
      fc
        .array(bits, { maxLength: 20 })
        .map((parts) => Buffer.from(`{"jsonrpc":"2.0",${parts.join('')}}`)),
      fc
        .uint8Array({ maxLength: 40 })
        .map((array) =>
          Buffer.concat([
            Buffer.from('{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"'),
            array,
            Buffer.from('"}}'),
          ]),
        ),
    )
    fc.assert(
      fc.property(bytes, (message) => {
        try {
          const envelope = readEnvelope(message)
          stringAt(message, member(message, envelope.params, 'a'))
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['no JSON', '{"jsonrpc":"2.0","method":"a"', 'parse_error'],
    ['something after it', '{"jsonrpc":"2.0","method":"a"} x', 'parse_error'],
    ['a batch', ' [{"jsonrpc":"2.0","method":"a"}]', 'bad_request'],
    ['a string', '"x"', 'bad_request'],
    ['nothing', '', 'bad_request'],
    ['no jsonrpc', '{"id":1,"method":"a"}', 'bad_request'],
    ['another jsonrpc', '{"jsonrpc":"1.0","id":1,"method":"a"}', 'bad_request'],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"a"}', 'bad_request'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"a"}', 'bad_request'],
    ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"a"}', 'bad_request'],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}', 'bad_request'],
    ['an empty method', '{"jsonrpc":"2.0","id":1,"method":""}', 'bad_request'],
    [
      'a method that is no valid string',
      String.raw`{"jsonrpc":"2.0","id":1,"method":"\x"}`,
      'bad_request',
    ],
    [
      'params that are an array',
      '{"jsonrpc":"2.0","id":1,"method":"a","params":[]}',
      'bad_request',
    ],
    ['two methods', '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', 'bad_request'],
    [
      'two methods, one in disguise',
      String.raw`{"jsonrpc":"2.0","id":1,"method":"a","m\u0065thod":"b"}`,
      'bad_request',
    ],
    ['neither method nor result', '{"jsonrpc":"2.0","id":1}', 'bad_request'],
    ['a result without an id', '{"jsonrpc":"2.0","result":{}}', 'bad_request'],
  ])('with %s is refused', (_what, text, code) => {
    expect(() => readEnvelope(Buffer.from(text))).toThrow(expect.objectContaining({ code }))
  })

  it('nested 100,000 deep is read; nested without end is refused', () => {
    const nested = (depth: number): Buffer =>
      Buffer.from(
        `{"jsonrpc":"2.0","id":1,"result":${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}}`,
      )
    expect(readEnvelope(nested(100_000)).kind).toBe('response')
    expect(() => readEnvelope(nested(600_000))).toThrow(/nested too deeply/)
    expect(() => readEnvelope(Buffer.from('['.repeat(100)))).toThrow(GatewayError)
  })

  it.each([
    ['plain text', 'x'],
    ['escaped quotes', '\\"'],
    ['escaped backslashes', '\\\\'],
    ['unicode escapes', '\\u00e9'],
    ['four-byte characters', '😀'],
    ['escapes far apart', `${'x'.repeat(100)}\\"`],
  ])('of 8 MiB of %s is read in time that grows with its length alone', (_what, part) => {
    const text = part.repeat((8 * 1024 * 1024) / Buffer.byteLength(part))
    const bytes = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{"text":"${text}"}}`)
    const start = performance.now()
    const { result } = readEnvelope(bytes)
    // Quadratic would be minutes; a busy machine is given its due.
    expect(performance.now() - start).toBeLessThan(1_500)
    expect(result?.end).toBe(bytes.length - 1)
  })

  it('is seen at a glance as it is read in full, whatever its result holds', () => {
    const decoy = fc.constantFrom(
      String.raw`",\"jsonrpc\":\"2.0\",\"id\":5}"`,
      String.raw`"{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}"`,
      '{"jsonrpc":"2.0","id":5}',
      '{"result":{},"jsonrpc":"2.0","id":5}',
      '[{"x":{},"jsonrpc":"2.0","id":5}]',
    )
    const result = fc
      .array(fc.tuple(stringText, fc.oneof(json, decoy)), { maxLength: 4 })
      .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`)
    const id = fc.oneof(
      fc.nat().map(String),
      fc.constantFrom('0', '-1', '1.5', '1e3', '"5"', 'null'),
    )
    const written = fc.oneof(
      fc.tuple(id, result).map(([i, r]) => `{"jsonrpc":"2.0","id":${i},"result":${r}}`),
      fc.tuple(id, result).map(([i, r]) => `{"result":${r},"jsonrpc":"2.0","id":${i}}`),
      fc
        .tuple(id, result, json)
        .map(([i, r, x]) => `{"jsonrpc":"2.0","id":${i},"result":${r},"x":${x}}`),
      fc
        .tuple(id, result, json)
        .map(([i, r, x]) => `{"result":${r},"x":${x},"jsonrpc":"2.0","id":${i}}`),
      fc.tuple(id, json).map(([i, x]) => `{"jsonrpc":"2.0","id":${i},"error":${x}}`),
      fc
        .tuple(id, json)
        .map(([i, x]) => `{"method":"x","params":{"result":${x}},"jsonrpc":"2.0","id":${i}}`),
    )
    let seen = 0
    fc.assert(
      fc.property(written, (text) => {
        const bytes = Buffer.from(text)
        const glance = glanceAtResult(bytes)
        if (!glance) return
        seen++
        const full = readEnvelope(bytes)
        expect(glance.envelope.kind).toBe(full.kind)
        expect(glance.envelope.id).toEqual(full.id)
        expect(String(glance.id)).toBe(bytes.toString('latin1', full.id?.start, full.id?.end))
        expect(glance.envelope.result?.start).toBe(full.result?.start)
        expect(glance.envelope.result?.end).toBeGreaterThanOrEqual(full.result?.end ?? Infinity)
      }),
      { numRuns: 2_000 },
    )
    expect(seen).toBeGreaterThan(200)
  })

  it('on one line differs in nothing but its line ends', () => {
    fc.assert(
      fc.property(json, (text) => {
        const line = onOneLine(Buffer.from(text))
        expect(line.includes(0x0a) || line.includes(0x0d)).toBe(false)
        expect(JSON.parse(line.toString())).toEqual(JSON.parse(text))
      }),
    )
  })
})
