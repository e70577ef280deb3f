import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { GatewayError } from '../../src-shared/errors.ts'
import { pipe } from '../access/ways.ts'
import { openHost } from './host.ts'

const sample = {
  id: 'sample',
  runtime: {
    type: 'local-process',
    command: process.execPath,
    args: [path.join(import.meta.dirname, '..', 'fixtures', 'sample-server.mjs')],
  },
}

async function open() {
  const opened = await openHost({
    servers: [sample],
    launch: { by: 'node', node: process.execPath, shim: '/opt/gateway-stdio.cjs' },
  })
  return { ...opened, file: path.join(opened.dir, '.cursor', 'mcp.json') }
}

test('a client is listed, previewed, connected, checked, undone', async () => {
  const { call, file, dir } = await open()
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, '{}\n')
  const row = (await call('clients.list', {})).find(({ id }) => id === 'cursor')
  expect(row).toMatchObject({ found: true, file, file_exists: true, connections: [] })
  const preview = await call('clients.preview', { id: 'cursor' })
  expect(preview).toMatchObject({ kind: 'shim-all', file, warnings: [] })
  expect(preview.diff).toContain('+    "gateway": {')
  const { client, message } = await call('clients.connect', {
    id: 'cursor',
    before: preview.before,
  })
  expect(message).toBe(`Cursor has the gateway in ${file}.`)
  expect(client.connections).toMatchObject([{ kind: 'shim-all', entries: ['gateway'] }])
  expect(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.gateway).toEqual({
    command: process.execPath,
    args: ['/opt/gateway-stdio.cjs', '--client', 'cursor', '--state-dir', path.join(dir, 'state')],
  })
  await call('server.lists', { id: 'sample' })
  expect(await call('clients.check', { id: 'cursor' })).toMatchObject({
    tools: 3,
    tool_limit: 40,
    tokens: 36,
    last_seen: null,
    files: [{ file, is_read: true, entry: 'present', others: [] }],
    problems: [
      expect.stringContaining('starts /opt/gateway-stdio.cjs, which is not there'),
      expect.stringContaining('has not come to the gateway since it was connected'),
    ],
  })
  expect(await call('clients.undo', { id: 'cursor' })).toMatchObject({ exact: true })
  expect(fs.readFileSync(file, 'utf8')).toBe('{}\n')
})

test('a file that has changed since the preview is not written', async () => {
  const { call, file } = await open()
  const { before } = await call('clients.preview', { id: 'cursor' })
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, '{"mine": 1}')
  const refused: unknown = await call('clients.connect', { id: 'cursor', before }).catch(
    (error: unknown) => error,
  )
  expect(refused).toBeInstanceOf(GatewayError)
  expect(refused).toMatchObject({ code: 'precondition_failed' })
  expect(fs.readFileSync(file, 'utf8')).toBe('{"mine": 1}')
})

test('an HTTP entry has a token of its own, which ends with the entry', async () => {
  const { call, file, host } = await open()
  const options = { id: 'cursor', kind: 'http' } as const
  const { before, diff } = await call('clients.preview', options)
  expect(diff).not.toContain('mcpgw_')
  await call('clients.connect', { ...options, before })
  const { url, headers } = JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.gateway
  const ping = () =>
    fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', server_id: 'sample' }),
    })
  expect((await ping()).status).toBe(200)
  expect((await fetch(`${host.url}/servers`, { headers })).status).toBe(403)
  const { problems, last_seen } = await call('clients.check', { id: 'cursor' })
  expect([problems, last_seen]).toEqual([[], expect.any(String)])
  await call('clients.disconnect', { id: 'cursor' })
  expect((await ping()).status).toBe(403)
})

test('a client that was disconnected is refused by its name, until it is connected again', async () => {
  const opened = await open()
  const { call } = opened
  const connect = async () => {
    const { before } = await call('clients.preview', { id: 'cursor' })
    await call('clients.connect', { id: 'cursor', before })
  }
  await connect()
  await pipe(opened, 'cursor', undefined, 'legacy')
  await call('server.lists', { id: 'sample' })
  expect(await call('clients.check', { id: 'cursor' })).toMatchObject({
    tools: 3,
    last_seen: expect.any(String),
  })
  await call('access.set_limits', { id: 'cursor', limits: { servers: [] } })
  expect(await call('clients.check', { id: 'cursor' })).toMatchObject({ tools: 0 })
  await call('clients.disconnect', { id: 'cursor' })
  await expect(pipe(opened, 'cursor', undefined, 'legacy')).rejects.toThrow('disconnected')
  await connect()
  await pipe(opened, 'cursor', undefined, 'legacy')
  await call('clients.undo', { id: 'cursor' })
  await expect(pipe(opened, 'cursor', undefined, 'legacy')).rejects.toThrow('disconnected')
})

test("a client's servers are taken over and run at once; it is told what its own entries bring", async () => {
  const { call, file, catalogPath, log } = await open()
  const { command, args } = sample.runtime
  const server = { command, args: [...args, '--second'], env: { SECOND_TOKEN: 'tok-0123456789' } }
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, JSON.stringify({ mcpServers: { second: server } }))
  const options = { id: 'cursor', kind: 'shim-per-server' } as const
  const { before: earlier } = await call('clients.preview', options)
  await call('clients.connect', { ...options, before: earlier })

  const source = { from: 'clients' as const, ids: ['cursor'] }
  const { before, servers } = await call('clients.import_preview', { source })
  expect(servers).toMatchObject([{ id: 'second', secrets: [{ name: 'SECOND_TOKEN' }] }])
  const picks = servers.map(({ key }) => ({ key }))
  const input = { source, before, picks, replace: ['cursor'] }
  expect(await call('clients.import', input)).toMatchObject({
    added: [{ id: 'second' }],
    reload: { servers_added: ['second'] },
    clients: [{ id: 'cursor', replaced: ['second'], problem: null }],
  })
  const again: unknown = await call('clients.import', input).catch((error: unknown) => error)
  expect(again).toMatchObject({ code: 'precondition_failed' })
  expect(fs.readFileSync(catalogPath, 'utf8') + log()).not.toContain('tok-0123456789')
  const { mcpServers } = JSON.parse(fs.readFileSync(file, 'utf8'))
  expect(Object.keys(mcpServers)).toEqual(['sample', 'second'])

  for (const id of ['sample', 'second']) await call('server.lists', { id })
  expect(await call('clients.check', { id: 'cursor' })).toMatchObject({ tools: 6 })
  await call('clients.undo', { id: 'cursor' })
  expect(await call('clients.check', { id: 'cursor' })).toMatchObject({ tools: 3 })
  expect(await call('clients.undo', { id: 'cursor' })).toMatchObject({ exact: true })
})
