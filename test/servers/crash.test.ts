import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway, withTime } from '../support/gateway.ts'
import { fixtures } from '../support/processes.ts'

test('calls in flight at a crash get an error at once that names the server and the exit', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`])])
  const calls = ['never', 'never', 'crash'].map((name) =>
    gateway.call('one', 'tools/call', { name, arguments: { code: 7, words: 'out of luck' } }),
  )
  await eventually(async () => {
    const read = (await readJournal(journal)).filter(({ method }) => method === 'tools/call')
    expect(read).toHaveLength(3)
  })
  const started = performance.now()
  const answers = await Promise.all(calls)
  expect(performance.now() - started).toBeLessThan(1000)
  for (const { error, failure } of answers) {
    expect(failure?.code).toBe('server_failed')
    expect(error?.message).toMatch(/^one stopped unexpectedly\. .*exited with code 7.*out of luck/)
    expect(error?.message).toMatch(/not sent again/)
  }
  expect(gateway.core.server('one')).toMatchObject({ status: 'unhealthy', error_count: 3 })
  expect(gateway.core.server('one').last_error).toContain('exited with code 7')
  const sent = (await readJournal(journal)).filter(({ method }) => method === 'tools/call')
  expect(sent).toHaveLength(3)
})

test('a read is sent once more after a crash, a tool call is not', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  const options = [`--journal=${journal}`, '--exit-after=resources/read']
  await gateway.reload([
    scriptedServer('once', [...options, `--once=${gateway.file('once')}`]),
    scriptedServer('always', options),
  ])
  const { result } = await gateway.call('once', 'resources/read', { uri: 'test://one' })
  expect(result).toHaveProperty('contents')
  const { error } = await gateway.call('always', 'resources/read', { uri: 'test://two' })
  expect(error?.message).toContain('always stopped unexpectedly')
  const reads = (await readJournal(journal)).filter(({ method }) => method === 'resources/read')
  expect(reads.map(({ name }) => name)).toEqual([
    'test://one',
    'test://one',
    'test://two',
    'test://two',
  ])
})

test('a request of which no byte can have reached the server is sent to the next instance', async () => {
  const gateway = await startGateway({ servers: [] })
  const heir = path.join(fixtures, 'process-stubborn.mjs')
  await gateway.reload([scriptedServer('one', [`--heir=${heir}`])])
  const pid = await gateway.tool('one', 'pid')
  const crash = gateway.tool('one', 'crash')
  // The end of its output is waited for, as last words may be in it. Until Node has seen the exit it is a zombie, and
  // what is sent to it may have reached it.
  await eventually(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'))
  const again = gateway.tool('one', 'pid')
  expect(await crash).toContain('stopped unexpectedly')
  expect(await again).toMatch(/^\d+$/)
  expect(await again).not.toBe(pid)
})

test('after repeated failures calls fail fast and say when the next try is', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const journal = gateway.file('journal')
  const broken = scriptedServer('one', [`--journal=${journal}`, '--exit=3'])
  await gateway.reload([broken])
  const starts = async () => (await readJournal(journal)).filter(({ started }) => started).length
  const call = () => withTime(clock, gateway.call('one', 'tools/call', { name: 'pid' }))
  for (let failures = 1; failures <= 5; failures++) {
    const { failure } = await call()
    expect(failure?.code).toBe('server_failed')
    expect(failure?.message).toMatch(/^one did not start\. .*exited with code 3.*cannot open the/)
    expect(await starts()).toBe(failures)
  }

  const { failure } = await gateway.call('one', 'tools/call', { name: 'pid' })
  expect(failure?.code).toBe('circuit_open')
  expect(failure?.status).toBe(503)
  const wait = failure?.retryAfterSeconds ?? 0
  expect(wait).toBeGreaterThan(20)
  expect(wait).toBeLessThanOrEqual(38)
  expect(failure?.message).toMatch(/5 times in a row.*before 2026-01-01T.*cannot open the database/)
  expect(await starts()).toBe(5)
  const { status, reason } = gateway.core.server('one')
  expect(status).toBe('unhealthy')
  expect(reason).toMatch(/^circuit open until 2026-01-01T/)

  // One try when the time has come, and a longer wait after it.
  clock.advance(wait * 1000)
  expect((await call()).failure?.code).toBe('server_failed')
  expect(await starts()).toBe(6)
  const again = (await gateway.call('one', 'tools/call', { name: 'pid' })).failure
  expect(again?.code).toBe('circuit_open')
  expect(again?.retryAfterSeconds).toBeGreaterThan(44)

  // A person does not have to wait.
  await expect(gateway.core.start('one')).rejects.toThrow(/did not start/)
  expect(await starts()).toBe(7)
  expect((await call()).failure?.code).toBe('server_failed')
  expect(gateway.core.server('one').reason).not.toContain('circuit')
})

test('with the circuit tripped one session tries, and the others learn from it', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const [broken, journal] = [gateway.file('broken'), gateway.file('journal')]
  const options = [`--journal=${journal}`, `--exit-while=${broken}`]
  await gateway.reload([scriptedServer('one', options, { isolation: 'session' })])
  const sessions = []
  for (let i = 0; i < 3; i++) sessions.push(await gateway.session({ serverId: 'one' }))
  await gateway.core.stop('one')
  await fs.writeFile(broken, '')
  for (let i = 0; i < 5; i++)
    expect(await withTime(clock, gateway.tool('one', 'pid'))).toContain('did not start')
  expect(gateway.core.server('one').reason).toContain('circuit open')
  clock.advance(60_000)
  const before = (await readJournal(journal)).length
  const answers = await Promise.all(sessions.map((session) => session.tool('pid')))
  expect(answers.filter((text) => text.includes('times in a row'))).toHaveLength(2)
  expect(answers.filter((text) => text.startsWith('one did not start'))).toHaveLength(1)
  expect(await readJournal(journal)).toHaveLength(before + 1)
})

test('a start by hand does not wait for the backoff', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [], clock })
  const once = gateway.file('once')
  await gateway.reload([scriptedServer('one', ['--exit-after=initialize', `--once=${once}`])])
  expect(await gateway.tool('one', 'pid')).toContain('did not start')
  const waiting = gateway.tool('one', 'echo', { text: 'waited' })
  await eventually(() => expect(gateway.core.server('one').reason).toContain('Starting again in'))
  expect((await gateway.core.start('one')).status).toBe('running')
  expect(await waiting).toBe('waited')
})
