import fc from 'fast-check'
import { expect, test } from 'vitest'
import { procedures } from '../../src-shared/api.ts'
import { openHost } from '../management/host.ts'
import { ask } from './endpoint.ts'

/** Those that would end the test's own access, or take a person's time. */
const names = Object.keys(procedures).filter((name) => name !== 'key.rotate')

test('whatever is sent to the management API, it answers, and it never fails by itself', async () => {
  const { host, call } = await openHost({ catalogText: 'servers: []\n' })
  const port = Number(new URL(host.url).port)
  const { key } = await call('key.reveal', {})
  const name = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    fc.constantFrom('', '.', '__proto__', 'constructor', 'events', 'events/', 'a/b', '%00', '%'),
  )
  const field = fc.constantFrom(
    'id',
    'text',
    'etag',
    'edits',
    'call_id',
    'method',
    'params',
    'tool',
    'enabled',
    'limit',
    'before',
    'listen_addr',
    '__proto__',
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('one', '\u0000', 'x'.repeat(5000), -1, 1e308),
  )
  const body = fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(field, value).map((input) => JSON.stringify(input)) },
    fc.json(),
    fc.string(),
    fc.constant('['.repeat(5000)),
  )
  await fc.assert(
    fc.asyncProperty(name, body, async (path, text) => {
      const answer = await ask(port, `/api/${path}`, {
        key,
        method: 'POST',
        headers: { host: `127.0.0.1:${port}` },
        body: text,
      })
      expect(answer.status, answer.text).toBeLessThan(500)
      expect(JSON.parse(answer.text)).toSatisfy((said: object) => 'ok' in said || 'error' in said)
    }),
    { numRuns: 400 },
  )
  expect(await call('gateway.info', {})).toMatchObject({ paused: expect.any(Boolean) })
})
