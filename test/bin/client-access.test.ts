import path from 'node:path'
import { expect, test } from 'vitest'
import { freshUser, Program, sampleCatalog } from './programs.ts'

test('a client that was disconnected is told so by its shim, and comes back once it is connected again', async () => {
  const { home, env } = freshUser()
  sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const args = ['--listen', '127.0.0.1:0']
  const gateway = new Program('gateway-http', { env, cwd: home, args })
  const url = await gateway.until(() => /listens on (\S+)/.exec(gateway.stdout)?.[1])
  const key = new Program('gateway', { env, cwd: home, args: ['key'] })
  await key.exit
  const call = async (procedure: string, input: object) => {
    const headers = { authorization: `Bearer ${key.stdout.trim()}` }
    const body = JSON.stringify(input)
    const answer = await fetch(`${url}/api/${procedure}`, { method: 'POST', headers, body })
    expect(answer.status).toBe(200)
  }
  const shim = () =>
    new Program('gateway-stdio', { env, cwd: home, args: ['--client', 'claude-desktop'] })
  await call('access.grant', { id: 'claude-desktop', name: 'Claude Desktop' })
  const first = shim()
  expect(await first.initialize()).toHaveProperty('result')
  await call('access.revoke', { id: 'claude-desktop' })
  const refused = /'Claude Desktop' \(claude-desktop\) was disconnected from this gateway/
  expect(JSON.stringify(await first.request('tools/list'))).toMatch(refused)
  expect(JSON.stringify(await shim().initialize())).toMatch(refused)
  await call('access.grant', { id: 'claude-desktop', name: 'Claude Desktop' })
  expect(await shim().initialize()).toHaveProperty('result')
})
