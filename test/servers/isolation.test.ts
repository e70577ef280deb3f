import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { readJournal, scriptedServer, startGateway } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'

const elicitation = { elicitation: {} }
const ask = { method: 'elicitation/create', params: { message: '?', requestedSchema: {} } }
const accept = () => ({ action: 'accept' })

test('shared: one instance for all sessions, and it is told of no roots', async () => {
  const gateway = await startGateway({
    servers: [scriptedServer('one', [], { isolation: 'shared' })],
  })
  const sessions = await Promise.all([
    gateway.session({ serverId: 'one', capabilities: { roots: {}, ...elicitation } }),
    gateway.session({ serverId: 'one' }),
    gateway.session({}),
  ])
  const pids = await Promise.all([
    sessions[0].tool('pid'),
    sessions[1].tool('pid'),
    sessions[2].tool('one__pid'),
    gateway.tool('one', 'pid'),
  ])
  expect(new Set(pids).size).toBe(1)
})

test('session: an instance for each, and it ends with its session', async () => {
  const gateway = await startGateway({
    servers: [scriptedServer('one', [], { isolation: 'session' })],
  })
  const [a, b] = await Promise.all([
    gateway.session({ serverId: 'one', capabilities: elicitation, answer: accept }),
    gateway.session({ serverId: 'one' }),
  ])
  const [pidA, pidB] = await Promise.all([a.tool('pid'), b.tool('pid')])
  expect(pidA).not.toBe(pidB)
  expect(await a.tool('pid')).toBe(pidA)
  expect(await a.tool('ask', ask)).toBe('{"action":"accept"}')
  expect(await b.tool('ask', ask)).toContain('does not support elicitation')
  a.close()
  await eventually(() => expect(isAlive(Number(pidA))).toBe(false))
  expect(await b.tool('pid')).toBe(pidB)
})

test('session: past max_connections_per_server there is a clear error, until one has ended', async () => {
  const gateway = await startGateway({
    servers: [scriptedServer('one', [], { isolation: 'session' })],
    config: { max_connections_per_server: 2 },
  })
  const first = await gateway.session({ serverId: 'one' })
  await first.tool('pid')
  const others = []
  for (let i = 0; i < 2; i++) others.push(await gateway.session({ serverId: 'one' }))
  expect(Number(await others[0]?.tool('pid'))).toBeGreaterThan(0)
  expect(await others[1]?.tool('pid')).toMatch(/^one has 2 instances.*max_connections_per_server/)
  first.close()
  expect(Number(await others[1]?.tool('pid'))).toBeGreaterThan(0)
})

test('session: instances that are idle do not count', async () => {
  const gateway = await startGateway({
    servers: [scriptedServer('one', [], { isolation: 'session', idle_timeout_seconds: 1 })],
    config: { max_connections_per_server: 1 },
  })
  const [a, b] = [
    await gateway.session({ serverId: 'one' }),
    await gateway.session({ serverId: 'one' }),
  ]
  await a.tool('pid')
  await eventually(() => expect(gateway.core.server('one').pids).toHaveLength(0))
  expect(Number(await b.tool('pid'))).toBeGreaterThan(0)
})

test('nothing is started for a session that has ended', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  const options = [`--journal=${journal}`, '--slow-start=100']
  await gateway.reload([scriptedServer('one', options, { isolation: 'session' })])
  const warm = await gateway.session({ serverId: 'one' })
  warm.close()
  const session = await gateway.session({ serverId: 'one' })
  void session.tool('pid')
  session.close()
  const another = await gateway.session({ serverId: 'one', capabilities: { roots: {} } })
  void another.request('tools/list')
  await eventually(async () => expect((await readJournal(journal)).length).toBeGreaterThan(3))
  another.close()

  // The server is looked at for the first time, and meanwhile the session ends.
  const all = await gateway.session({})
  const late = gateway.file('late')
  await gateway.reload([
    scriptedServer('late', [`--journal=${late}`], { isolation: 'session' }),
    scriptedServer('other'),
  ])
  void all.request('tools/list')
  all.close()
  await gateway.tool('other', 'pid')
  expect(await readJournal(late)).toEqual([])
  await gateway.core.stop('other')
  await eventually(() => expect(gateway.core.isQuiet()).toBe(true))
  for (const { pid } of await readJournal(journal)) expect(isAlive(pid)).toBe(false)
})

test('auto: a server that asks clients is remembered, even when the gateway was restarted', async () => {
  const gateway = await startGateway({ servers: [scriptedServer('one')] })
  const first = await gateway.session({
    serverId: 'one',
    capabilities: elicitation,
    answer: accept,
  })
  expect(await first.tool('ask', ask)).toBe('{"action":"accept"}')
  const shared = await first.tool('pid')
  const able = await gateway.session({ serverId: 'one', capabilities: elicitation, answer: accept })
  const unable = await gateway.session({ serverId: 'one' })
  const own = await able.tool('pid')
  expect(own).not.toBe(shared)
  expect(await able.tool('ask', ask)).toBe('{"action":"accept"}')
  expect(await unable.tool('pid')).toBe(shared)
  expect(await first.tool('pid')).toBe(shared)
  await gateway.close()

  const next = await startGateway({ servers: [scriptedServer('one')], dir: gateway.dir })
  const again = await Promise.all([
    next.session({ serverId: 'one', capabilities: elicitation, answer: accept }),
    next.session({ serverId: 'one', capabilities: elicitation, answer: accept }),
  ])
  const pids = await Promise.all(again.map((session) => session.tool('pid')))
  expect(new Set(pids).size).toBe(2)
})

test('what is known of a server survives a restart of the gateway, unless its file is damaged', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  const servers = [scriptedServer('one', [`--journal=${journal}`])]
  await gateway.reload(servers)
  await gateway.tool('one', 'pid')
  await gateway.call('one', 'tools/list')
  const folder = path.join(gateway.dir, 'state', 'cache', 'servers')
  await eventually(async () => expect(await fs.readdir(folder)).toHaveLength(1))
  await gateway.close()
  const starts = async () => (await readJournal(journal)).filter(({ started }) => started).length

  const next = await startGateway({ servers, dir: gateway.dir })
  const sessions = await Promise.all(
    Array.from({ length: 20 }, (_, i) => next.session(i % 2 === 0 ? {} : { serverId: 'one' })),
  )
  for (const session of sessions)
    expect((await session.request('tools/list')).result).toHaveProperty('tools')
  expect(await starts()).toBe(1)
  await next.close()

  const [name = ''] = await fs.readdir(folder)
  for (const damage of ['', '{"version":1,"listings":{"x":{"lists":7}}}', '\u0000garbage']) {
    await fs.writeFile(path.join(folder, name), damage)
    const third = await startGateway({ servers, dir: gateway.dir })
    const before = await starts()
    expect((await third.call('one', 'tools/list')).result).toHaveProperty('tools')
    expect(await starts()).toBe(before + 1)
    await third.close()
  }
})

test('a level that a session sets reaches the instance of its own', async () => {
  const gateway = await startGateway({ servers: [] })
  const journal = gateway.file('journal')
  const options = [`--journal=${journal}`, '--capabilities={"tools":{},"logging":{}}']
  await gateway.reload([scriptedServer('one', options, { isolation: 'session' })])
  const levelOf = async (level: string) => {
    const session = await gateway.session({ serverId: 'one' })
    await session.request('logging/setLevel', { level })
    const pid = Number(await session.tool('pid'))
    return eventually(async () => {
      const told = (await readJournal(journal)).filter(
        (entry) => entry.method === 'logging/setLevel' && entry.pid === pid,
      )
      expect(told).toHaveLength(1)
      return told[0]?.level
    })
  }
  expect(await levelOf('debug')).toBe('debug')
  expect(await levelOf('error')).toBe('error')
})
