import fs from 'node:fs/promises'
import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { scriptedServer, startGateway, withTime } from '../support/gateway.ts'
import type { TestGateway } from '../support/gateway.ts'

function stateOf(gateway: TestGateway, id = 'one') {
  const { status, reason } = gateway.core.server(id)
  return `${status}: ${reason}`
}

test('the words for a quiet life', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({
    clock,
    servers: [
      scriptedServer('one', ['--slow-start=50']),
      scriptedServer('off', [], { enabled: false }),
      scriptedServer('unset', [], { env: { A: '${NOT_SET_ANYWHERE}', B: '${NOR_THIS}' } }),
    ],
  })
  expect(stateOf(gateway)).toBe('stopped: not started yet')
  expect(stateOf(gateway, 'off')).toBe('stopped: disabled')
  await eventually(() =>
    expect(stateOf(gateway, 'unset')).toBe(
      'stopped: misconfigured: ${NOT_SET_ANYWHERE}, ${NOR_THIS} are not set. ' +
        'Set them in the environment, or give a default: ${NAME:-value}.',
    ),
  )
  const call = gateway.tool('one', 'pid')
  await eventually(() => expect(stateOf(gateway)).toBe('starting: '))
  const pid = Number(await call)
  expect(stateOf(gateway)).toBe('running: ')
  clock.advance(90_000)
  expect(gateway.core.server('one')).toMatchObject({
    pids: [pid],
    uptime_seconds: 90,
    started_at: '2026-01-01T00:00:00.000Z',
    last_activity: '2026-01-01T00:00:00.000Z',
    request_count: 1,
    error_count: 0,
    last_error: null,
    protocol_era: 'legacy',
    protocol_version: '2025-11-25',
    capabilities: { tools: { listChanged: true } },
    server_info: { name: 'scripted', version: '1' },
  })
  const stopping = gateway.core.stop('one')
  expect(stateOf(gateway)).toBe('stopping: stopped by hand')
  await stopping
  expect(stateOf(gateway)).toBe('stopped: stopped by hand')
  expect(gateway.core.server('one')).toMatchObject({
    pids: [],
    uptime_seconds: 0,
    started_at: null,
    server_info: { name: 'scripted' },
  })
  await gateway.tool('one', 'pid')
  clock.advance(400_000)
  await eventually(() => expect(stateOf(gateway)).toBe('stopped: idle for 5 min'))
})

test('the words for a failing one', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const broken = gateway.file('broken')
  await gateway.reload([scriptedServer('one', [`--exit-while=${broken}`])])
  await fs.writeFile(broken, '')
  await gateway.tool('one', 'pid')
  expect(stateOf(gateway)).toMatch(/^unhealthy: one did not start\. .*cannot open the database/)
  const call = gateway.tool('one', 'pid')
  await eventually(() =>
    expect(stateOf(gateway)).toMatch(/^unhealthy: Starting again in \d+ ms\. one did not start\./),
  )
  await withTime(clock, call)
  for (let i = 0; i < 3; i++) await withTime(clock, gateway.tool('one', 'pid'))
  expect(stateOf(gateway)).toMatch(/^unhealthy: circuit open until 2026-\S+Z\. one did not start/)
  await fs.rm(broken)
  expect((await gateway.core.start('one')).status).toBe('running')
  expect(stateOf(gateway)).toBe('running: ')
  expect(gateway.core.server('one').last_error).toBe(null)
})

test('a state can be asked for at any moment of a start', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  let isDone = false
  const call = gateway.tool('one', 'pid').finally(() => (isDone = true))
  while (!isDone) {
    expect(gateway.core.server('one').protocol_version).toBeOneOf([null, '2025-11-25'])
    await new Promise((resolve) => setImmediate(resolve))
  }
  await call
})

test('what happens is told as events, in the five words', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  await gateway.tool('one', 'pid')
  await gateway.core.stop('one')
  await gateway.tool('one', 'crash')
  const words = gateway.events.flatMap((event) =>
    event.type === 'state' && event.server.id === 'one' ? [event.server.status] : [],
  )
  const told = words.filter((word, i) => word !== words[i - 1])
  expect(told).toEqual([
    'stopped',
    'starting',
    'running',
    'stopping',
    'stopped',
    'starting',
    'running',
    'unhealthy',
  ])
})

const secret = 'hunter2-of-all-secrets'

test('secrets are masked in what is shown, templates are not', async () => {
  const local = (args: string[]) => ({ type: 'local-process', command: 'server', args })
  const remote = (url: string, headers: object) => ({ type: 'remote-http', url, headers })
  const gateway = await startGateway({
    env: { TOKEN: secret },
    servers: [
      {
        id: 'args',
        env: { API_KEY: secret },
        runtime: local([
          '--api-key',
          secret,
          `--token=${secret}`,
          `API_TOKEN=${secret}`,
          '--header',
          `Authorization: Bearer ${secret}`,
          '-H',
          `X-Api-Key: ${secret}`,
          `postgresql://user:${secret}@localhost/db`,
          `https://host/mcp?api_key=${secret}&x=1`,
          '--password',
          '${TOKEN}',
          '--header',
          'Authorization: Bearer ${TOKEN}',
          '--secret',
          `\${TOKEN:-${secret}}`,
          '--port',
          '8080',
        ]),
      },
      {
        id: 'remote',
        runtime: remote(`https://me:${secret}@host/mcp?token=${secret}&key=\${TOKEN}&x=1`, {
          Authorization: `Bearer ${secret}`,
          'X-Other': '${TOKEN}',
          'X-Plain': secret,
        }),
      },
    ],
  })
  expect(gateway.core.server('args').runtime).toEqual({
    type: 'local-process',
    command: 'server',
    args: [
      '--api-key',
      '***',
      '--token=***',
      'API_TOKEN=***',
      '--header',
      'Authorization: ***',
      '-H',
      'X-Api-Key: ***',
      'postgresql://***@localhost/db',
      'https://host/mcp?api_key=***&x=1',
      '--password',
      '${TOKEN}',
      '--header',
      'Authorization: Bearer ${TOKEN}',
      '--secret',
      '***',
      '--port',
      '8080',
    ],
  })
  expect(gateway.core.server('remote').runtime).toEqual({
    type: 'remote-http',
    url: 'https://***@host/mcp?token=***&key=${TOKEN}&x=1',
    headers: { Authorization: '***', 'X-Other': '${TOKEN}', 'X-Plain': '***' },
  })
  const all = JSON.stringify([
    gateway.core.listServers(),
    gateway.core.server('args'),
    gateway.core.server('remote'),
    gateway.core.stats(),
  ])
  expect(all).not.toContain(secret)
})

test('a resolved secret is in no log line and no error', async () => {
  const gateway = await startGateway({
    env: { TOKEN: secret },
    servers: [scriptedServer('one', ['--secret=${TOKEN}'], { env: { TOKEN: '${TOKEN}' } })],
  })
  expect(await gateway.tool('one', 'environment', { name: 'TOKEN' })).toBe(secret)
  const said = await gateway.tool('one', 'crash', { words: `cannot log in with ${secret}` })
  expect(said).toContain('cannot log in with')
  const seen = [gateway.core.logs('one'), gateway.core.server('one'), gateway.events, gateway.log]
  expect(JSON.stringify(seen)).not.toContain(secret)
  expect(said).not.toContain(secret)
})
