import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSecretName, maskJson } from '../../src-main/telemetry/json-mask.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'

function redactorOf(...secrets: string[]): (text: string) => string {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.add(secret)
  return (text) => redactor.redact(text)
}

const plain = redactorOf()
const masked = (value: unknown, redact = plain): unknown =>
  JSON.parse(maskJson(JSON.stringify(value), redact))

describe('a member that is named like a secret', () => {
  test.each([
    ['password', 'hunter2'],
    ['DB_PASSWORD', 'hunter2'],
    ['userPasswd', 'x'],
    ['client_secret', 'abc'],
    ['apiKey', 'abc'],
    ['x-api-key', 'abc'],
    ['access_token', 'abc'],
    ['GITHUB_TOKEN', 'abc'],
    ['Authorization', 'Basic abc'],
    ['Set-Cookie', 'a=b'],
    ['privateKey', '-----BEGIN'],
    ['pin', 1234],
    ['otp', 123456.5e3],
  ])('%s is masked', (name, value) => {
    expect(masked({ before: 1, [name]: value, after: 'x' })).toEqual({
      before: 1,
      [name]: '***',
      after: 'x',
    })
  })

  test.each(['key', 'keyword', 'author', 'max_tokens', 'nextPageToken', 'progressToken', 'cursor'])(
    '%s is no secret',
    (name) => expect(isSecretName(name)).toBe(false),
  )

  test('hides all texts and numbers in its value, and nothing behind it', () => {
    const value = {
      credentials: { user: 'bob', port: 1, on: true, none: null, more: [['x']] },
      a: 'b',
    }
    expect(masked(value)).toEqual({
      credentials: { user: '***', port: '***', on: true, none: null, more: [['***']] },
      a: 'b',
    })
    expect(masked([{ password: true }, 'free', { password: null, a: 1 }])).toEqual([
      { password: true },
      'free',
      { password: null, a: 1 },
    ])
  })

  test('is found when its name is written with escapes', () => {
    expect(maskJson(String.raw`{"pass\u0077ord":"hunter2"}`, plain)).toBe(
      String.raw`{"pass\u0077ord":"***"}`,
    )
  })

  test('is found in JSON within a text, as servers write their results', () => {
    const inner = JSON.stringify({ user: 'bob', password: 'hunter2' }, undefined, 2)
    const text = JSON.stringify({ content: [{ type: 'text', text: inner }] })
    expect(maskJson(text, plain)).not.toContain('hunter2')
    expect(JSON.parse(maskJson(text, plain))).toEqual({
      content: [
        { type: 'text', text: JSON.stringify({ user: 'bob', password: '***' }, undefined, 2) },
      ],
    })
  })

  test('is a field where a schema describes it', () => {
    const value = {
      inputSchema: { properties: { password: { type: 'string', description: 'yours' } } },
      password: 'hunter2',
    }
    expect(masked(value)).toEqual({ ...value, password: '***' })
  })
})

describe('a secret that is known', () => {
  const secret = 'pa"ss/wörd\\n1'

  test.each([
    ['as JSON writes it', JSON.stringify(secret)],
    ['with escaped slashes', JSON.stringify(secret).replace('/', String.raw`\/`)],
    [
      'with all but ASCII escaped',
      JSON.stringify(secret).replaceAll(/[^ -~]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    [
      'with every letter escaped',
      `"${secret
        .split('')
        .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('')}"`,
    ],
  ])('is masked %s', (_, written) => {
    expect(JSON.parse(written)).toBe(secret)
    const text = maskJson(`{"a":${written},${written}:1}`, redactorOf(secret))
    expect(JSON.parse(text)).toEqual({ a: '***', '***': 1 })
  })

  test('is masked in JSON within JSON', () => {
    const inner = JSON.stringify({ a: secret, b: JSON.stringify([secret]) })
    expect(masked({ inner }, redactorOf(secret))).toEqual({
      inner: JSON.stringify({ a: '***', b: '["***"]' }),
    })
    const prose = `said ${JSON.stringify([secret])}`
    expect(masked({ prose }, redactorOf(secret))).toEqual({ prose: 'said ["***"]' })
  })

  test('is masked as a number, and JSON stays JSON', () => {
    expect(maskJson('{"a":[123456,1],"b":-123456}', redactorOf('123456'))).toBe(
      '{"a":["***",1],"b":"***"}',
    )
  })

  test('that begins within an escape leaves JSON', () => {
    expect(masked({ a: 'x\nabcdef', b: 'nabcdef' }, redactorOf('nabcdef'))).toEqual({
      a: 'x\nabcdef',
      b: '***',
    })
  })
})

test('what holds no secret stays as it was written', () => {
  const text = '{ "a" : 1.0, "b":[-0, 1e400, 123456789012345678901234567890 ], "a":"\\u00e9\\/" }'
  expect(maskJson(text, redactorOf('something-else'))).toBe(text)
})

test('a text that is no JSON is masked as a text, and never fails', () => {
  expect(maskJson('{"a":"x my-secret', redactorOf('my-secret'))).toBe('{"a":"x ***')
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void maskJson(text, plain)))
  const shards = fc.constantFrom('"', '\\', '{', '}', '[', ']', ':', ',', '1', 'e', '-', 'password')
  fc.assert(
    fc.property(
      fc.array(shards, { maxLength: 30 }),
      (parts) => void maskJson(parts.join(''), plain),
    ),
  )
})

const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('password', 'api_key', 'token', 'name', 'inputSchema', '__proto__'),
)
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 4 })
      .map((them) => Object.fromEntries(them)),
  ),
})).value

/** The same, member by member, on what JSON.parse gives. */
function expected(value: unknown, isSecret = false, inSchema = false): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? '***' : value
  if (typeof value === 'number') return isSecret ? '***' : value
  if (Array.isArray(value)) return value.map((item) => expected(item, isSecret, inSchema))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const schema = inSchema || (name === 'inputSchema' && typeof item === 'object')
      return [name, expected(item, isSecret || (!inSchema && isSecretName(name)), schema)]
    }),
  )
}

test('any JSON keeps its shape, and loses only what is named like a secret', () => {
  const unchanged = (text: string): string => text
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      // Through text, so that -0 and the like are the same on both sides.
      const wanted: unknown = JSON.parse(JSON.stringify(expected(JSON.parse(text))))
      expect(JSON.parse(maskJson(text, unchanged))).toEqual(wanted)
    }),
    { numRuns: 500 },
  )
})

test('a known secret never shows in any JSON, wherever it stands', () => {
  const secrets = fc
    .string({ unit: 'binary', minLength: 6, maxLength: 20 })
    .filter((it) => it.isWellFormed() && !it.includes('\n') && !it.includes('*'))
  fc.assert(
    fc.property(values, secrets, names, (value, secret, name) => {
      const all = {
        [name]: [value, secret, `<${secret}>`],
        [`${secret}`]: secret,
        deep: { name: secret },
      }
      const text = maskJson(JSON.stringify(all), redactorOf(secret))
      const seen: string[] = []
      JSON.parse(text, (key, item: unknown) => {
        seen.push(key)
        if (typeof item === 'string') seen.push(item)
        return item
      })
      // Masks stand where it was; it may have been a part of one.
      expect(seen.filter((it) => it.includes(secret))).toEqual([])
    }),
    { numRuns: 500 },
  )
})
