import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openHost } from '../management/host.ts'
import type { TestHost } from '../management/host.ts'
import { scriptedServer } from '../support/gateway.ts'
import { eventually } from '../support/eventually.ts'

const withSecret = (id: string, template: string) =>
  scriptedServer(id, [], { env: { TOKEN: template } })

async function tokenOf({ call }: TestHost, id: string): Promise<unknown> {
  const { response } = await call('server.call', {
    id,
    call_id: `token of ${id}`,
    method: 'tools/call',
    params: { name: 'environment', arguments: { name: 'TOKEN' } },
  })
  return response['result'] ?? response['error']
}

const said = (text: string) => ({ content: [{ type: 'text', text }] })

test('an unset secret stops its server alone, and says what to do; once it is set the server runs', async () => {
  const host = await openHost({
    servers: [withSecret('one', '${secret:MY_TOKEN}'), withSecret('two', '${secret:OTHER:-none}')],
  })
  const { call } = host
  await eventually(async () => {
    expect(await call('server.get', { id: 'one' })).toMatchObject({
      status: 'stopped',
      reason: 'misconfigured: Secret MY_TOKEN is not set. Set it: gateway secrets set MY_TOKEN',
    })
  })
  expect(await tokenOf(host, 'two')).toEqual(said('none'))
  expect(await call('secrets.list', {})).toEqual({
    secrets: [
      { name: 'MY_TOKEN', store: null, used_by: ['one'] },
      { name: 'OTHER', store: null, used_by: ['two'] },
    ],
    problem: null,
  })
  const saved = await call('secrets.set', { name: 'MY_TOKEN', value: 'the-secret-value' })
  expect(saved).toMatchObject({ store: 'file', note: null, reload: { servers_changed: ['one'] } })
  expect(await tokenOf(host, 'one')).toEqual(said('the-secret-value'))
  const detail = await call('server.get', { id: 'one' })
  expect(detail.entry).toMatchObject({ env: { TOKEN: '${secret:MY_TOKEN}' } })
})

test('a changed secret is a changed server; the others are left alone', async () => {
  const host = await openHost({
    servers: [withSecret('one', 'Bearer ${secret:A}'), withSecret('two', '${secret:B}')],
  })
  const { call } = host
  await call('secrets.set', { name: 'A', value: 'first-value' })
  await call('secrets.set', { name: 'B', value: 'b-value' })
  expect(await tokenOf(host, 'one')).toEqual(said('Bearer first-value'))
  expect(await tokenOf(host, 'two')).toEqual(said('b-value'))
  const again = await call('secrets.set', { name: 'A', value: 'first-value' })
  expect(again.reload?.servers_changed).toEqual([])
  const changed = await call('secrets.set', { name: 'A', value: 'second-value' })
  expect(changed.reload?.servers_changed).toEqual(['one'])
  expect(await tokenOf(host, 'one')).toEqual(said('Bearer second-value'))
  await call('secrets.remove', { name: 'A' })
  await expect(call('secrets.remove', { name: 'A' })).rejects.toMatchObject({ code: 'not_found' })
  const { warnings } = await call('server.get', { id: 'one' })
  expect(warnings.join()).toContain('gateway secrets set A')
})

test('no value is in a log, an answer or a file of the state directory', async () => {
  const host = await openHost({
    servers: [withSecret('one', '${secret:A}')],
    config: { log_level: 'trace' },
  })
  const value = 'never-to-be-seen-9f2c'
  const answers = [await host.call('secrets.set', { name: 'A', value })]
  await tokenOf(host, 'one')
  await host.call('server.call', {
    id: 'one',
    call_id: 'crash',
    method: 'tools/call',
    params: { name: 'crash', arguments: { words: `my token is ${value}` } },
  })
  const rest = [
    await host.call('secrets.list', {}),
    await host.call('server.get', { id: 'one' }),
    await host.call('server.logs', { id: 'one' }),
    host.events.filter(({ type }) => type !== 'activity'),
  ]
  expect(JSON.stringify([...answers, ...rest])).not.toContain(value)
  expect(host.log()).not.toContain(value)
  expect(host.log()).toContain('my token is ***')
  const state = path.join(host.dir, 'state')
  for (const name of fs.readdirSync(state, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(state, name)
    if (fs.statSync(file).isFile()) expect(fs.readFileSync(file, 'latin1')).not.toContain(value)
  }
})

test('secrets that cannot be read stop the server with the reason, also where there is a default', async () => {
  const host = await openHost({ servers: [withSecret('one', '${secret:A:-default}')] })
  await host.call('secrets.set', { name: 'A', value: 'first-value' })
  fs.writeFileSync(path.join(host.dir, 'state', 'secrets.json'), 'damaged')
  await host.call('catalog.reload', {})
  const { status, reason } = await host.call('server.get', { id: 'one' })
  expect(status).toBe('stopped')
  expect(reason).toMatch(/Secret A of server 'one' cannot be read\. .*secrets\.json/)
})

test('a catalog that is not valid does not keep a secret from being set', async () => {
  const { call, catalogPath } = await openHost()
  fs.writeFileSync(catalogPath, 'servers: [')
  expect(await call('secrets.set', { name: 'A', value: 'value' })).toMatchObject({ reload: null })
  expect((await call('secrets.list', {})).secrets).toMatchObject([{ name: 'A', store: 'file' }])
})
