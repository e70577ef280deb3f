import fs from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { GatewayEvent } from '../../src-shared/server-state.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway, withTime } from '../support/gateway.ts'
import type { TestGateway } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'

async function called(journal: string, name: string, count = 1): Promise<void> {
  await eventually(async () => {
    const calls = (await readJournal(journal)).filter((entry) => entry.name === name)
    expect(calls).toHaveLength(count)
  })
}

function reloads(gateway: TestGateway): (GatewayEvent & { type: 'reload' })[] {
  return gateway.events.filter((event) => event.type === 'reload')
}

test('fifty calls in flight on an unchanged server survive all that happens to others', async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  const steady = scriptedServer('steady', [`--journal=${journal}`], { tags: ['x'] })
  const other = (id: string, version: number) =>
    scriptedServer(id, [], { env: { VERSION: String(version) } })
  await gateway.reload([steady, other('changed', 0), other('removed', 0)])
  const calls = Array.from({ length: 50 }, () => gateway.tool('steady', 'hold', { file: go }))
  await called(journal, 'hold', 50)
  await Promise.all([gateway.tool('changed', 'pid'), gateway.tool('removed', 'pid')])
  for (let version = 1; version <= 5; version++) {
    const servers = [other('changed', version), steady, other(`added-${version}`, 0)]
    const result = await gateway.reload(
      version % 2 === 0 ? [...servers, other('removed', 0)] : servers,
    )
    expect(result.servers_changed).toEqual(['changed'])
    expect(await gateway.tool('changed', 'environment', { name: 'VERSION' })).toBe(String(version))
    expect(await gateway.tool(`added-${version}`, 'echo', { text: 'hi' })).toBe('hi')
  }
  await fs.writeFile(go, '')
  const pids = await Promise.all(calls)
  expect(new Set(pids)).toEqual(new Set([String(gateway.core.server('steady').pids[0])]))
  expect(gateway.core.server('steady').error_count).toBe(0)
})

test("a changed server's calls finish on the old instance while new ones reach the new", async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  const server = (version: string) =>
    scriptedServer('one', [`--journal=${journal}`], { env: { VERSION: version } })
  await gateway.reload([server('a')])
  const held = gateway.tool('one', 'hold', { file: go })
  await called(journal, 'hold')
  const [before] = await readJournal(journal)
  expect((await gateway.reload([server('b')])).servers_changed).toEqual(['one'])
  expect(await gateway.tool('one', 'environment', { name: 'VERSION' })).toBe('b')
  const pid = Number(await gateway.tool('one', 'pid'))
  expect(pid).not.toBe(before?.pid)
  expect(isAlive(before?.pid ?? 0)).toBe(true)
  await fs.writeFile(go, '')
  expect(Number(await held)).toBe(before?.pid)
  await eventually(() => expect(isAlive(before?.pid ?? 0)).toBe(false))
  expect(gateway.core.server('one')).toMatchObject({ status: 'running', pids: [pid] })
})

test('overlap: false waits for the old instance to end', async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  const server = (version: string) =>
    scriptedServer('one', [`--journal=${journal}`], { env: { VERSION: version }, overlap: false })
  await gateway.reload([server('a'), scriptedServer('other')])
  const held = gateway.tool('one', 'hold', { file: go })
  await called(journal, 'hold')
  await gateway.reload([server('b'), scriptedServer('other')])
  const next = gateway.tool('one', 'environment', { name: 'VERSION' })
  await eventually(() =>
    expect(gateway.core.server('one').reason).toBe('waiting for the instance before it to stop'),
  )
  // Long enough for another server to start.
  await gateway.tool('other', 'pid')
  const starts = (await readJournal(journal)).filter(({ started }) => started)
  expect(starts).toHaveLength(1)
  await fs.writeFile(go, '')
  const [before] = starts
  expect(Number(await held)).toBe(before?.pid)
  expect(await next).toBe('b')
  expect(isAlive(before?.pid ?? 0)).toBe(false)
})

test('a change during the start moves the waiting calls to the new instance', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  const server = (version: number, options: string[]) =>
    scriptedServer('one', [`--journal=${journal}`, ...options], { env: { VERSION: `${version}` } })
  await gateway.reload([server(0, ['--no-initialize'])])
  const session = gateway.session({ serverId: 'one' })
  const waiting = gateway.tool('one', 'environment', { name: 'VERSION' })
  for (let version = 1; version <= 4; version++) {
    await eventually(async () =>
      expect((await readJournal(journal)).filter(({ started }) => started)).toHaveLength(version),
    )
    await gateway.reload([server(version, version < 4 ? ['--no-initialize'] : [])])
  }
  expect(await waiting).toBe('4')
  expect(await (await session).tool('environment', { name: 'VERSION' })).toBe('4')
  const pids = (await readJournal(journal)).filter(({ started }) => started).map(({ pid }) => pid)
  await eventually(() => expect(pids.filter(isAlive)).toEqual([pids.at(-1)]))
})

test('names, tags, timeouts and tool filters apply to the running instance', async () => {
  const clock = new FakeClock()
  const gateway = await startGateway({ servers: [scriptedServer('one')], clock })
  const session = await gateway.session({ serverId: 'one' })
  const pid = await session.tool('pid')
  const result = await gateway.reload([
    scriptedServer('one', [], {
      display_name: 'Uno',
      description: 'the first',
      tags: ['new'],
      tools: { deny: ['pi?'] },
      request_timeout_seconds: 1,
      idle_timeout_seconds: 2,
    }),
  ])
  expect(result).toEqual({
    servers_loaded: 1,
    servers_added: [],
    servers_removed: [],
    servers_changed: [],
  })
  expect(gateway.core.listServers('new')).toMatchObject([
    { display_name: 'Uno', description: 'the first', status: 'running' },
  ])
  expect(gateway.core.server('one').pids).toEqual([Number(pid)])
  expect(await session.tool('pid')).toBe('Unknown tool: pid')
  const listed = await session.request('tools/list')
  expect(JSON.stringify(listed.result)).not.toContain('"pid"')
  expect(session.received.map(({ method }) => method)).toContain('notifications/tools/list_changed')
  expect(await withTime(clock, session.tool('never'))).toContain('within 1 s')
  clock.advance(3_000)
  await eventually(() => expect(gateway.core.server('one').reason).toBe('idle for 2 s'))
})

test('a removed server finishes what is in flight and is then unknown', async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  await gateway.reload([scriptedServer('one', [`--journal=${journal}`])])
  const session = await gateway.session({ serverId: 'one' })
  const held = session.tool('hold', { file: go })
  await called(journal, 'hold')
  expect((await gateway.reload([])).servers_removed).toEqual(['one'])
  expect(() => gateway.core.server('one')).toThrow("Server 'one' not found")
  await expect(gateway.call('one', 'ping')).rejects.toThrow("Server 'one' not found")
  await fs.writeFile(go, '')
  const pid = Number(await held)
  await eventually(() => expect(isAlive(pid)).toBe(false))
  await eventually(() => expect(session.isOpen).toBe(false))
})

test('a session whose features are gone with the new instance ends, the others go on', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  const sessions = [await gateway.session({ serverId: 'one' }), await gateway.session({})]
  await gateway.reload([scriptedServer('one', ['--capabilities={"tools":{}}'])])
  expect(Number(await sessions[0]?.tool('pid'))).toBeGreaterThan(0)
  await eventually(() => expect(sessions.map(({ isOpen }) => isOpen)).toEqual([false, true]))
  expect(Number(await sessions[1]?.tool('one__pid'))).toBeGreaterThan(0)
})

test('a server that was removed and comes back is a new one', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  const pid = await gateway.tool('one', 'pid')
  await gateway.reload([])
  await gateway.reload([scriptedServer('one')])
  expect(await gateway.tool('one', 'pid')).not.toBe(pid)
  await eventually(() => expect(isAlive(Number(pid))).toBe(false))
})

test('an invalid file changes nothing, and is seen in log, stats and events', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  const pid = await gateway.tool('one', 'pid')
  await fs.writeFile(gateway.catalogPath, 'servers:\n  - id: one\n    runtme: {}\n')
  await expect(gateway.core.reload()).rejects.toThrow()
  const problem = expect.stringMatching(/catalog\.yaml:3:5: .*runtme/)
  expect(gateway.core.stats().last_reload).toMatchObject({
    ok: false,
    errors: expect.arrayContaining([problem]),
  })
  expect(reloads(gateway).at(-1)).toMatchObject({
    ok: false,
    errors: expect.arrayContaining([problem]),
  })
  expect(gateway.log.filter((line) => line.startsWith('error'))).toEqual([
    expect.stringContaining('catalog.yaml:3:5'),
  ])
  expect(await gateway.tool('one', 'pid')).toBe(pid)
  await gateway.reload([scriptedServer('one')])
  expect(gateway.core.stats().last_reload).toMatchObject({ ok: true, errors: [] })
  expect(await gateway.tool('one', 'pid')).toBe(pid)
})

test('an edit that leaves a variable unset keeps the running instance, with a warning', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  const pid = await gateway.tool('one', 'pid')
  const broken = scriptedServer('one', [], { env: { A: '${NOT_SET_ANYWHERE}' } })
  expect((await gateway.reload([broken])).servers_changed).toEqual([])
  expect(gateway.core.server('one').warnings).toEqual([
    expect.stringMatching(/not in force: \$\{NOT_SET_ANYWHERE\} is not set/),
  ])
  expect(await gateway.tool('one', 'pid')).toBe(pid)

  // Back to what runs: nothing happens to it.
  await gateway.reload([scriptedServer('one')])
  expect(gateway.core.server('one').warnings).toEqual([])
  expect(await gateway.tool('one', 'pid')).toBe(pid)
  await gateway.core.stop('one')
  expect(Number(await gateway.tool('one', 'pid'))).toBeGreaterThan(0)

  // Once it is gone the edit is what counts.
  await gateway.reload([broken])
  await gateway.core.stop('one')
  expect(gateway.core.server('one')).toMatchObject({
    status: 'stopped',
    reason: expect.stringMatching(/^misconfigured: \$\{NOT_SET_ANYWHERE\}/),
    warnings: [],
  })
  expect(await gateway.tool('one', 'pid')).toMatch(/^one cannot start\. \$\{NOT_SET_ANYWHERE\} is/)
})

test('a variable that is unset at the first load stops only its own server', async () => {
  const gateway = await startGateway({
    servers: [
      scriptedServer('broken', ['${NOT_SET_ANYWHERE}']),
      scriptedServer('fine', [], { env: { A: '${SET:-default}', B: '${GIVEN}' } }),
    ],
    env: { GIVEN: 'given' },
  })
  await eventually(() =>
    expect(gateway.core.server('broken')).toMatchObject({
      status: 'stopped',
      reason: expect.stringMatching(/^misconfigured: \$\{NOT_SET_ANYWHERE\} is not set/),
    }),
  )
  const { failure } = await gateway.call('broken', 'tools/call', { name: 'pid' })
  expect(failure?.code).toBe('server_failed')
  await expect(gateway.core.start('broken')).rejects.toThrow(/NOT_SET_ANYWHERE/)
  expect(await gateway.tool('fine', 'environment', { name: 'A' })).toBe('default')
  expect(await gateway.tool('fine', 'environment', { name: 'B' })).toBe('given')
})

test('an env file that is written later is read at a start by hand and at a reload', async () => {
  const gateway = await startGateway({ servers: [] })
  const servers = [scriptedServer('one', [], { env_file: './one.env' })]
  await gateway.reload(servers)
  await eventually(() =>
    expect(gateway.core.server('one').reason).toMatch(/^misconfigured: env_file.*one\.env/),
  )
  await fs.writeFile(gateway.file('one.env'), 'A=1\n')
  expect((await gateway.core.start('one')).status).toBe('running')
  expect(await gateway.tool('one', 'environment', { name: 'A' })).toBe('1')
  await fs.writeFile(gateway.file('one.env'), 'A=2\n')
  expect((await gateway.core.reload()).servers_changed).toEqual(['one'])
  expect(await gateway.tool('one', 'environment', { name: 'A' })).toBe('2')
  expect((await gateway.core.reload()).servers_changed).toEqual([])
})

test('an unchanged catalog is a no-op', async () => {
  const gateway = await startGateway({ servers: [] })
  await fs.writeFile(gateway.file('two.env'), 'A=1\n')
  const servers = [scriptedServer('one'), scriptedServer('two', [], { env_file: './two.env' })]
  await gateway.reload(servers)
  const session = await gateway.session({})
  const pid = await session.tool('one__pid')
  await session.tool('two__pid')
  const events = () => gateway.events.filter(({ type }) => type === 'state').length
  await eventually(() => expect(gateway.core.server('one').status).toBe('running'))
  const before = events()
  const received = session.received.length
  await gateway.reload(servers.toReversed())
  await gateway.reload(servers)
  expect(events()).toBe(before)
  expect(await session.tool('one__pid')).toBe(pid)
  expect(session.received.length).toBe(received)
})

test('disabled: the server drains and stops, and says so; enabled again it starts', async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  const server = (enabled: boolean) =>
    scriptedServer('one', [`--journal=${journal}`], { enabled, always_on: true })
  await gateway.reload([server(true)])
  const held = gateway.tool('one', 'hold', { file: go })
  await called(journal, 'hold')
  await gateway.reload([server(false)])
  const { failure } = await gateway.call('one', 'tools/call', { name: 'pid' })
  expect(failure?.code).toBe('server_disabled')
  await fs.writeFile(go, '')
  expect(Number(await held)).toBeGreaterThan(0)
  await eventually(() =>
    expect(gateway.core.server('one')).toMatchObject({ status: 'stopped', reason: 'disabled' }),
  )
  await gateway.reload([server(true)])
  await eventually(() => expect(gateway.core.server('one').status).toBe('running'))
})

test('isolation applies live: callers are placed anew, calls in flight finish where they are', async () => {
  const gateway = await startGateway({ servers: [] })
  const [journal, go] = [gateway.file('journal'), gateway.file('go')]
  const server = (isolation: string) =>
    scriptedServer('one', [`--journal=${journal}`], { isolation })
  await gateway.reload([server('shared')])
  const [a, b] = [
    await gateway.session({ serverId: 'one' }),
    await gateway.session({ serverId: 'one' }),
  ]
  const shared = await a.tool('pid')
  const held = b.tool('hold', { file: go })
  await called(journal, 'hold')
  await gateway.reload([server('session')])
  const own = await a.tool('pid')
  expect(own).not.toBe(shared)
  await fs.writeFile(go, '')
  expect(await held).toBe(shared)
  await gateway.reload([server('shared')])
  expect(await a.tool('pid')).toBe(shared)
  await eventually(() => expect(isAlive(Number(own))).toBe(false))
})

test('the watcher reloads once for twenty saves in a second', async () => {
  const gateway = await startGateway({ servers: [], config: { hot_reload: true } })
  const before = reloads(gateway).length
  for (let i = 0; i < 20; i++) {
    await gateway.write([scriptedServer(`server-${i}`)])
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  await eventually(() => expect(reloads(gateway)).toHaveLength(before + 1))
  expect(gateway.core.listServers().map(({ id }) => id)).toEqual(['server-19'])
})
