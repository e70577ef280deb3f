import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { scriptedServer } from '../support/gateway.ts'
import { fixtures } from '../support/processes.ts'
import { openHost } from './host.ts'

const tool = (name: string, args: object = {}) => ({
  method: 'tools/call',
  params: { name, arguments: args },
})

test('rows and details tell what a person wants to know, without secrets', async () => {
  const { call } = await openHost({
    servers: [
      {
        ...scriptedServer('one', ['--exit=3'], { tags: ['a'], description: 'First' }),
        env: { API_TOKEN: 'very-secret-1', OTHER: '${HOME}' },
        idle_timeout_seconds: 60,
      },
    ],
  })
  await expect(call('server.start', { id: 'one' })).rejects.toMatchObject({ code: 'server_failed' })
  const [row] = await call('servers.list', {})
  expect(row).toMatchObject({
    id: 'one',
    description: 'First',
    enabled: true,
    status: 'unhealthy',
    tags: ['a'],
    last_error: expect.stringContaining('cannot open the database'),
  })
  const detail = await call('server.get', { id: 'one' })
  expect(detail.entry).toEqual({
    id: 'one',
    description: 'First',
    tags: ['a'],
    runtime: detail.runtime,
    env: { API_TOKEN: '***', OTHER: '${HOME}' },
    idle_timeout_seconds: 60,
  })
  expect(JSON.stringify(detail)).not.toContain('very-secret-1')
  const lines = await call('server.logs', { id: 'one' })
  expect(lines.map(({ text }) => text)).toContain('warming up')
  await expect(call('server.get', { id: 'two' })).rejects.toMatchObject({
    code: 'server_not_found',
  })
})

test('memory is that of the whole process tree', async () => {
  const child = path.join(fixtures, 'process-stubborn.mjs')
  const { call } = await openHost({
    servers: [
      scriptedServer('alone'),
      scriptedServer('parent', [`--child=${child}`]),
      scriptedServer('resting'),
    ],
  })
  expect(await call('servers.memory', {})).toEqual({})
  await call('server.start', { id: 'alone' })
  await call('server.start', { id: 'parent' })
  await eventually(async () => {
    const { alone = 0, parent = 0, ...others } = await call('servers.memory', {})
    expect(others).toEqual({})
    expect(alone).toBeGreaterThan(20e6)
    expect(parent).toBeGreaterThan(1.5 * alone)
  })
})

describe('lists', () => {
  test('a server that was never listed is started for it; then its lists are kept', async () => {
    const { call } = await openHost({
      servers: [scriptedServer('one', ['--tools=drop_a'], { tools: { deny: ['drop_*'] } })],
    })
    const lists = await call('server.lists', { id: 'one' })
    expect(lists.tools.map(({ name }) => name)).toContain('drop_a')
    expect(lists.denied_tools).toEqual(['drop_a'])
    expect(lists.resources).toEqual([{ uri: 'test://one', name: 'one' }])
    await call('server.stop', { id: 'one' })
    expect(await call('server.lists', { id: 'one' })).toEqual(lists)
    expect(await call('server.get', { id: 'one' })).toMatchObject({ status: 'stopped' })
  })

  test('refresh starts it and asks again', async () => {
    const { call, dir } = await openHost({ servers: [] })
    const file = path.join(dir, 'tools')
    await fs.writeFile(
      path.join(dir, 'catalog.yaml'),
      JSON.stringify({ servers: [scriptedServer('one', [`--tools-file=${file}`])] }),
    )
    await call('catalog.reload', {})
    await call('server.lists', { id: 'one' })
    await call('server.stop', { id: 'one' })
    await fs.writeFile(file, 'brand_new')
    const { tools } = await call('server.lists', { id: 'one', refresh: true })
    expect(tools.map(({ name }) => name)).toContain('brand_new')
    await fs.writeFile(file, 'newer_still')
    const again = await call('server.lists', { id: 'one', refresh: true })
    expect(again.tools.map(({ name }) => name)).toContain('newer_still')
  })
})

describe('calls', () => {
  test('answer with the result or the error of the server, and how long it took', async () => {
    const { call } = await openHost({ servers: [scriptedServer('one')] })
    const echo = await call('server.call', {
      id: 'one',
      call_id: 'a',
      ...tool('echo', { text: 'hi' }),
    })
    expect(echo.response).toMatchObject({ result: { content: [{ type: 'text', text: 'hi' }] } })
    expect(echo.duration_ms).toBeGreaterThan(0)
    const wrong = await call('server.call', {
      id: 'one',
      call_id: 'a',
      method: 'no/such',
      params: {},
    })
    expect(wrong.response).toMatchObject({ error: { code: -32601 } })
    await expect(
      call('server.call', { id: 'two', call_id: 'a', ...tool('echo') }),
    ).rejects.toMatchObject({ code: 'server_not_found' })
  })

  test('a call’s limits are the server’s', async () => {
    const { call } = await openHost({
      servers: [scriptedServer('one', [], { request_timeout_seconds: 1 })],
    })
    const never = await call('server.call', { id: 'one', call_id: 'a', ...tool('never') })
    expect(never.response).toMatchObject({
      error: { message: expect.stringContaining('did not answer tools/call within 1 s') },
    })
  })

  test.each([{}, { _meta: {} }, { _meta: { note: 1, progressToken: 'theirs' } }])(
    'progress is told to the window that has called, whatever its params have (%j)',
    async (more) => {
      const { call, events, host } = await openHost({ servers: [scriptedServer('one')] })
      const others: string[] = []
      host.management.onEvent((event) => others.push(event.type), {
        principal: 'dashboard',
        session: 'another',
      })
      const { method, params } = tool('progress', { count: 3, everyMs: 5 })
      await call('server.call', {
        id: 'one',
        call_id: 'with "quotes"',
        method,
        params: { ...params, ...more },
      })
      const told = events.filter(({ type }) => type === 'call_progress')
      expect(told).toEqual(
        [1, 2, 3].map((progress) => ({
          type: 'call_progress',
          call_id: 'with "quotes"',
          progress,
          total: null,
          message: null,
        })),
      )
      expect(others).not.toContain('call_progress')
    },
  )

  test('cancel ends a call of this window alone, and the server hears of it', async () => {
    const journal = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'journal-')), 'file')
    const { call, host } = await openHost({
      servers: [scriptedServer('one', [`--journal=${journal}`])],
    })
    const never = call('server.call', { id: 'one', call_id: 'x', ...tool('never') })
    const ended = expect(never).rejects.toMatchObject({ code: 'cancelled' })
    const heard = async (what: string) => expect(await fs.readFile(journal, 'utf8')).toContain(what)
    await eventually(() => heard('never'))
    await expect(
      call('server.call', { id: 'one', call_id: 'x', ...tool('echo') }),
    ).rejects.toMatchObject({ code: 'conflict' })
    await host.management.call(
      'server.cancel',
      { call_id: 'x' },
      { principal: 'dashboard', session: 'another' },
    )
    expect(await call('server.cancel', { call_id: 'nothing' })).toEqual({})
    await call('server.call', { id: 'one', call_id: 'y', ...tool('echo') })
    await call('server.cancel', { call_id: 'x' })
    await ended
    await eventually(() => heard('notifications/cancelled'))
    await fs.rm(path.dirname(journal), { recursive: true })
  })

  test('a caller that goes away cancels', async () => {
    const { host } = await openHost({ servers: [scriptedServer('one')] })
    const gone = new AbortController()
    const never = host.management.call(
      'server.call',
      { id: 'one', call_id: 'x', ...tool('never') },
      { principal: 'dashboard', session: 'a' },
      gone.signal,
    )
    gone.abort()
    await expect(never).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('single tools', () => {
  const text = `servers:
  # my files
  - id: one
    runtime: { type: local-process, command: x }
    tools:
      deny: ["drop_*"] # dangerous
`
  test('are hidden and shown by their exact name; comments stay', async () => {
    const { call, catalogPath } = await openHost({ catalogText: text })
    await call('server.set_tool', { id: 'one', tool: 'read', enabled: false })
    await call('server.set_tool', { id: 'one', tool: 'a*b', enabled: false })
    await call('server.set_tool', { id: 'one', tool: 'read', enabled: false })
    const hidden = await fs.readFile(catalogPath, 'utf8')
    expect(hidden).toContain('# my files')
    expect(hidden).toContain('# dangerous')
    const { host } = { host: await call('server.get', { id: 'one' }) }
    expect(host.entry).toMatchObject({ tools: { deny: ['drop_*', 'read', 'a\\*b'] } })
    const { reload } = await call('server.set_tool', { id: 'one', tool: 'read', enabled: true })
    expect(reload.servers_loaded).toBe(1)
    await call('server.set_tool', { id: 'one', tool: 'a*b', enabled: true })
    expect(await fs.readFile(catalogPath, 'utf8')).toBe(text)
  })

  test('one that a pattern hides is not shown against the will of its author', async () => {
    const { call } = await openHost({ catalogText: text })
    await expect(
      call('server.set_tool', { id: 'one', tool: 'drop_table', enabled: true }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining("'drop_*'") })
  })

  test('one that is not among those allowed becomes so', async () => {
    const allowed = text.replace('deny: ["drop_*"] # dangerous', 'allow: ["read_*"]')
    const { call } = await openHost({ catalogText: allowed })
    await call('server.set_tool', { id: 'one', tool: 'write', enabled: true })
    expect((await call('server.get', { id: 'one' })).entry).toMatchObject({
      tools: { allow: ['read_*', 'write'] },
    })
  })
})

test('events tell states, reloads, log lines, requests and their counts', async () => {
  const { call, events } = await openHost({ servers: [scriptedServer('one', ['--exit=1'])] })
  await call('server.start', { id: 'one' }).catch(() => {})
  await call('catalog.reload', {})
  await call('server.call', { id: 'one', call_id: 'a', ...tool('echo') }).catch(() => {})
  await eventually(() => {
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'log',
        line: expect.objectContaining({ text: 'warming up' }),
      }),
    )
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'server',
        server: expect.objectContaining({ status: 'unhealthy', last_error: expect.any(String) }),
      }),
    )
    expect(events).toContainEqual({
      type: 'reload',
      ok: true,
      errors: [],
      result: { servers_loaded: 1, servers_added: [], servers_removed: [], servers_changed: [] },
    })
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'server',
        server: expect.objectContaining({ request_count: 1, error_count: 1 }),
      }),
    )
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'activity',
        entry: expect.objectContaining({ server_id: 'one', method: 'tools/call', target: 'echo' }),
      }),
    )
  })
})
