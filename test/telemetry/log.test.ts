import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { createLog, type LogOptions } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const redactor = new Redactor()
  const stream = { write: (text: string) => lines.push(text), on: () => {} }
  const wall = (): number => Date.UTC(2026, 0, 2, 3, 4, 5)
  const log = createLog({ level: 'info', redactor, stream, pretty: false, wall, ...options })
  return { log, lines, redactor }
}

test('a line is one JSON object: time, level, fields, message', () => {
  const { log, lines } = capture()
  log.info({ server: 'alpha', ms: 3 }, 'A server\nstarted.')
  expect(lines).toEqual([
    '{"time":"2026-01-02T03:04:05.000Z","level":"info","server":"alpha","ms":3,"message":"A server\\nstarted."}\n',
  ])
})

test('what is below the level is not written', () => {
  const { log, lines } = capture({ level: 'warn' })
  log.trace({}, 'x')
  log.debug({}, 'x')
  log.info({}, 'x')
  log.warn({}, 'x')
  log.error({}, 'x')
  expect(lines).toHaveLength(2)
})

test.each([false, true])(
  'no secret is written, in message, field or error (pretty: %s)',
  (pretty) => {
    const { log, lines, redactor } = capture({ pretty })
    redactor.add('hunter"22')
    log.warn(
      { env: { PASS: 'hunter"22' }, error: new Error('wrong: hunter"22', { cause: 'hunter"22' }) },
      'Tried hunter"22 with Bearer abcdefgh',
    )
    const text = lines.join('')
    expect(text).toContain('***')
    expect(text).not.toMatch(/hunter|abcdefgh/)
  },
)

test('errors keep name, code, stack and cause; what JSON cannot say is said otherwise', () => {
  const { log, lines } = capture()
  const circular: Record<string, unknown> = { name: 'ring' }
  circular.self = circular
  const error = Object.assign(new TypeError('bad', { cause: new Error('deep') }), { code: 'EBAD' })
  log.error({ error, big: 10n, fn: () => 1 }, 'first')
  log.error({ circular }, 'second')
  const first: unknown = JSON.parse(lines[0] ?? '')
  expect(first).toMatchObject({
    big: '10',
    error: { name: 'TypeError', code: 'EBAD', cause: { message: 'deep' } },
  })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ message: 'second' })
})

test('a huge field is cut', () => {
  const { log, lines } = capture()
  log.info({ text: 'x'.repeat(5_000_000) }, 'big')
  log.info({ list: Array.from({ length: 100_000 }, (_, i) => i) }, 'long')
  for (const line of lines) expect(line.length).toBeLessThan(70_000)
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ message: 'long' })
})

describe('pretty', () => {
  test('is a line for eyes', () => {
    const { log, lines } = capture({ pretty: true })
    log.info({ server: 'alpha', ms: 3, why: 'two words' }, 'Started.')
    // oxlint-disable-next-line no-control-regex
    const plain = (lines[0] ?? '').replaceAll(/\u001b\[\d+m/g, '')
    expect(plain).toBe('03:04:05 INFO  Started. server=alpha ms=3 why="two words"\n')
  })
})

test('a reader that goes away does not end the program', () => {
  const script = `
    const { createLog } = await import(${JSON.stringify(new URL('../../src-main/telemetry/log.ts', import.meta.url).href)})
    const { Redactor } = await import(${JSON.stringify(new URL('../../src-main/telemetry/redact.ts', import.meta.url).href)})
    const log = createLog({ level: 'info', redactor: new Redactor(), pretty: false })
    for (let i = 0; i < 50; i++) { log.info({ i }, 'x'.repeat(5000)); await new Promise((r) => setTimeout(r, 1)) }
    console.log('alive')`
  const command = `{ "$NODE" --input-type=module -e "$SCRIPT" 2>&1 1>&3 | head -c 10; } 3>&1`
  const env = { ...process.env, NODE: process.execPath, SCRIPT: script }
  const { stdout } = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' })
  expect(stdout).toContain('alive')
})
