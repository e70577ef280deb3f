import http from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventStreamLimits } from '../../src-main/http/events-stream.ts'
import type { Listener } from '../../src-main/http/listener.ts'
import { createRest } from '../../src-main/http/rest-routes.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import type { GatewayEvent } from '../../src-shared/server-state.ts'
import { ask, openEndpoint } from './endpoint.ts'
import { GatewayStandIn, summary, testKey } from './gateway-stand-in.ts'
import { eventually } from '../support/eventually.ts'

let gateway: GatewayStandIn
let listener: Listener
const readers: Reader[] = []

async function open(streamLimits: Partial<EventStreamLimits> = {}): Promise<void> {
  gateway = new GatewayStandIn()
  const redactor = new Redactor()
  redactor.add('hunter22')
  listener = await openEndpoint(gateway, {
    rest: () => Promise.resolve(createRest({ gateway, log: silentLog, redactor, streamLimits })),
  })
}

beforeEach(() => open())

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.leave()
  await listener.close(0)
})

/** An SSE client that may stop reading. */
interface Reader {
  response: http.IncomingMessage
  text: () => string
  /** The `data` of each event so far. */
  events: () => { event: string; id: string | undefined; data: unknown }[]
  ended: Promise<void>
  leave: () => void
}

function listen(path: string, headers: Record<string, string> = {}): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        port: listener.address.port,
        host: '127.0.0.1',
        path,
        agent: false,
        headers: { authorization: `Bearer ${testKey}`, ...headers },
      },
      (response) => {
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        response.on('error', () => {})
        const reader: Reader = {
          response,
          text: () => text,
          events: () =>
            [...text.matchAll(/event: (.*)\n(?:id: (.*)\n)?data: (.*)\n\n/g)].map((match) => {
              const data: unknown = JSON.parse(match[3] ?? '')
              return { event: match[1] ?? '', id: match[2], data }
            }),
          ended: new Promise((done) => response.on('close', () => done())),
          leave: () => request.destroy(),
        }
        readers.push(reader)
        resolve(reader)
      },
    )
    request.on('error', reject)
  })
}

describe('GET /events', () => {
  test('is SSE, one message for each event, named by its type', async () => {
    const reader = await listen('/events')
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    })
    const events: GatewayEvent[] = [
      { type: 'state', server: summary },
      { type: 'reload', ok: false, errors: ['catalog.yaml:1:1: bad'] },
      {
        type: 'log',
        server_id: 'alpha',
        line: { seq: 1, time: 't', source: 'stderr', text: 'two\nlines' },
      },
    ]
    for (const event of events) gateway.emit(event)
    await eventually(() => expect(reader.events()).toHaveLength(3))
    expect(reader.events().map((each) => each.event)).toEqual(['state', 'reload', 'log'])
    expect(reader.events().map((each) => each.data)).toEqual(events)
  })

  test('shows no secret', async () => {
    const reader = await listen('/events')
    gateway.emit({ type: 'state', server: { ...summary, reason: 'login hunter22' } })
    gateway.emit({ type: 'reload', ok: false, errors: ['hunter22'] })
    await eventually(() => expect(reader.events()).toHaveLength(2))
    expect(reader.text()).toContain('login ***')
    expect(reader.text()).not.toContain('hunter22')
  })

  test('stays alive by comments when nothing happens', async () => {
    await listener.close(0)
    await open({ heartbeatMs: 20 })
    const reader = await listen('/events')
    await eventually(() => expect(reader.text().match(/^: /gm)?.length).toBeGreaterThan(2))
  })

  test('lets go of the gateway when the client leaves', async () => {
    const reader = await listen('/events')
    await eventually(() => expect(gateway.followers).toBe(1))
    reader.leave()
    await eventually(() => expect(gateway.followers).toBe(0))
  })

  test('drops a reader that does not read, and nobody else', async () => {
    const slow = await listen('/events')
    const quick = await listen('/events')
    slow.response.pause()
    let sent = 0
    const reason = 'x'.repeat(64 * 1024)
    await vi.waitFor(
      () => {
        for (let i = 0; i < 8; i++) {
          gateway.emit({ type: 'state', server: { ...summary, reason } })
          sent++
        }
        expect(gateway.followers).toBe(1)
      },
      { interval: 5, timeout: 10_000 },
    )
    await eventually(() => expect(quick.events()).toHaveLength(sent))
    slow.response.resume()
    await slow.ended
  })

  test('past the bound of open streams: 429 with Retry-After', async () => {
    await listener.close(0)
    await open({ maxStreams: 1 })
    const first = await listen('/events')
    const refused = await ask(listener.address.port, '/events')
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '10' } })
    expect(gateway.followers).toBe(1)
    first.leave()
    await eventually(async () => {
      const reader = await listen('/events')
      expect(reader.response.statusCode).toBe(200)
    })
  })

  test('ends when the gateway closes', async () => {
    const reader = await listen('/events')
    await listener.close(5000)
    await reader.ended
    expect(reader.response.complete).toBe(true)
  })
})

describe('GET /servers/:id/logs?follow=1', () => {
  const seqs = (reader: Reader): string[] => reader.events().map((each) => each.id ?? '')

  test('sends what the ring holds, then each new line', async () => {
    gateway.append('old')
    const reader = await listen('/servers/alpha/logs?follow=1')
    await eventually(() => expect(reader.events()).toHaveLength(1))
    gateway.append('new')
    await eventually(() => expect(reader.events()).toHaveLength(2))
    expect(reader.events()).toEqual([
      { event: 'log', id: '1', data: gateway.lines[0] },
      { event: 'log', id: '2', data: gateway.lines[1] },
    ])
    reader.leave()
    await eventually(() => expect(gateway.followers).toBe(0))
  })

  test('goes on after Last-Event-ID; a number from an earlier life gets everything', async () => {
    for (let i = 0; i < 5; i++) gateway.append(`line ${i}`)
    const after = async (id: string): Promise<string[]> => {
      const reader = await listen('/servers/alpha/logs?follow=1', { 'last-event-id': id })
      await eventually(() => expect(reader.events().length).toBeGreaterThan(0))
      return seqs(reader)
    }
    expect(await after('3')).toEqual(['4', '5'])
    expect(await after('99')).toEqual(['1', '2', '3', '4', '5'])
    expect(await after('nonsense')).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a slow reader blocks nobody, and catches up with what the ring still holds', async () => {
    const reader = await listen('/servers/alpha/logs?follow=1')
    reader.response.pause()
    const text = 'x'.repeat(8 * 1024)
    const started = performance.now()
    for (let i = 0; i < 3000; i++) gateway.append(text)
    expect(performance.now() - started).toBeLessThan(2000)
    gateway.lines.splice(0, 2500) // what a ring drops meanwhile
    reader.response.resume()
    await vi.waitFor(() => expect(seqs(reader).at(-1)).toBe('3000'), { timeout: 10_000 })
    const numbers = seqs(reader).map(Number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(numbers.slice(-500)).toEqual(Array.from({ length: 500 }, (_, i) => 2501 + i))
    expect(gateway.followers).toBe(1)
  }, 20_000)
})
