import fs from 'node:fs'
import path from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readEntry } from '../../src-main/ai-clients/client-entry.ts'
import type { ReadEntry } from '../../src-main/ai-clients/client-entry.ts'
import { clientTable } from '../../src-main/ai-clients/client-table.ts'
import { Connections } from '../../src-main/ai-clients/connections.ts'
import type { ConnectionsOptions } from '../../src-main/ai-clients/connections.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'
import { shimLauncher } from '../../src-main/ai-clients/shim-launcher.ts'
import type { LaunchFacts } from '../../src-main/ai-clients/shim-launcher.ts'
import { dist, freshUser, infoOf, Program, sampleCatalog } from '../bin/programs.ts'

const shim = path.join(dist, 'gateway-stdio.cjs')

/** A person with a gateway that runs; `facts`: how their clients start the shim. */
async function person(facts: LaunchFacts = { by: 'node', node: process.execPath, shim }) {
  const { home, state, env } = freshUser()
  const catalog = sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const args = ['--listen', '127.0.0.1:0', '--catalog', catalog]
  const gateway = new Program('gateway-http', { env, cwd: home, args })
  const url = await gateway.until(() => /listens on (\S+)/.exec(gateway.stdout)?.[1])
  const key = fs.readFileSync(path.join(state, 'key'), 'utf8').trim()
  const options: ConnectionsOptions = {
    machine: { system: 'linux', homedir: home, env: { PATH: '' } },
    stateDir: state,
    launcher: () => shimLauncher(facts),
    url: () => infoOf(state)?.url,
    serverIds: () => ['sample'],
    // Whatever opens the gateway: what is looked at here is that the entry carries it.
    tokens: { issue: async () => ({ id: 't', token: key }), revoke: async () => {} },
  }
  return { home, state, url, gateway, connections: new Connections(options) }
}

/** The entry as the client finds it in its file. */
function entryIn(connections: Connections, id: string, name: string): ReadEntry {
  const client = clientTable.find((one) => one.id === id)
  const { file } = connections.row(id)
  if (client === undefined || file === null) throw new Error(`${id} has no file.`)
  const text = new EntryText(fs.readFileSync(file, 'utf8'), client.format, file)
  const value = text.entries(client.container).find((one) => one.name === name)?.value
  return readEntry(client.shape, value)
}

/** Runs the entry as a client does, with the entry's variables and nothing else, and calls a tool. */
async function callThrough({ stdio, http }: ReadEntry, tool: string): Promise<unknown> {
  const client = new Client({ name: 'somebody', version: '1' })
  onTestFinished(() => client.close())
  if (stdio !== undefined) {
    const env = Object.entries(stdio.env).map(([name, value]) => `${name}=${value}`)
    const args = ['-i', ...env, stdio.command, ...stdio.args]
    await client.connect(new StdioClientTransport({ command: '/usr/bin/env', args, cwd: '/' }))
  } else if (http !== undefined) {
    const requestInit = { headers: http.headers }
    await client.connect(new StreamableHTTPClientTransport(new URL(http.url), { requestInit }))
  }
  const { content } = await client.callTool({ name: tool, arguments: { word: 'hello' } })
  await client.close()
  return content
}

const answer = [{ type: 'text', text: '{"word":"hello"}' }]

/** One client of each form of entry, of those that are on Linux. */
const here = clientTable.filter(
  ({ readOnly, files }) => readOnly === undefined && (Array.isArray(files) || 'linux' in files),
)
const forms = [...new Map(here.map((client) => [client.shape, client])).values()]

/** `env -i` and scripts with `#!` are POSIX's. */
describe.runIf(process.platform !== 'win32')('an entry', () => {
  test(
    'an entry for all servers is a way to them, in every form',
    { timeout: 120_000 },
    async () => {
      const { connections, gateway } = await person()
      expect(forms.length).toBeGreaterThan(12)
      for (const { id } of forms) {
        await connections.connect({ id, kind: 'shim-all' })
        const entry = entryIn(connections, id, 'gateway')
        expect(await callThrough(entry, 'sample__echo'), id).toEqual(answer)
      }
      expect(gateway.child.exitCode).toBeNull()
    },
  )

  test('an entry for one server keeps its names', async () => {
    const { connections } = await person()
    await connections.connect({ id: 'cursor', kind: 'shim-per-server' })
    expect(await callThrough(entryIn(connections, 'cursor', 'sample'), 'echo')).toEqual(answer)
  })

  test('an HTTP entry carries its token, in every form', { timeout: 60_000 }, async () => {
    const { connections } = await person()
    const http = forms.filter(({ shape }) => shape.http !== undefined)
    expect(http.length).toBeGreaterThan(10)
    for (const { id } of http) {
      await connections.connect({ id, kind: 'http' })
      const entry = entryIn(connections, id, 'gateway')
      expect(entry.stdio).toBeUndefined()
      expect(await callThrough(entry, 'sample__echo'), id).toEqual(answer)
    }
  })

  test('the app starts the shim with its own executable as Node', async () => {
    const { home } = freshUser()
    const app = path.join(home, 'app')
    // The app without the variable is a window.
    fs.writeFileSync(
      app,
      `#!/bin/sh\n[ "$ELECTRON_RUN_AS_NODE" = 1 ] && exec ${process.execPath} "$@"\nexit 9\n`,
      { mode: 0o755 },
    )
    const { connections } = await person({ by: 'app', executable: app, shim })
    await connections.connect({ id: 'claude-desktop', kind: 'shim-all' })
    const entry = entryIn(connections, 'claude-desktop', 'gateway')
    expect(entry.stdio?.env).toEqual({ ELECTRON_RUN_AS_NODE: '1' })
    expect(await callThrough(entry, 'sample__echo')).toEqual(answer)
  })

  test('out of an AppImage, the shim is copied to where it stays', async () => {
    const { home } = freshUser()
    const appImage = path.join(home, 'Gateway.AppImage')
    fs.writeFileSync(appImage, `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
    const inside = path.join(home, 'mount', 'gateway-stdio.cjs')
    fs.mkdirSync(path.dirname(inside))
    fs.copyFileSync(shim, inside)
    const stateDir = path.join(home, '.local', 'state', 'mcp-gateway')
    const { connections } = await person({ by: 'appimage', appImage, shim: inside, stateDir })
    await connections.connect({ id: 'cursor', kind: 'shim-all' })
    fs.rmSync(inside)
    const entry = entryIn(connections, 'cursor', 'gateway')
    expect(entry.stdio).toMatchObject({
      command: appImage,
      args: [
        path.join(stateDir, 'shim', 'gateway-stdio.cjs'),
        ...Array(4).fill(expect.any(String)),
      ],
    })
    expect(await callThrough(entry, 'sample__echo')).toEqual(answer)
  })

  test('what the command line writes is a way in, and what it tells of it is true', async () => {
    const { home, state, env } = freshUser()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
    const run = (name: string, ...args: string[]) => new Program(name, { env, cwd: home, args })
    expect(await run('gateway', 'clients', 'connect', 'cursor', '--yes').exit).toBe(0)
    const gateway = run('gateway-http', '--listen', '127.0.0.1:0')
    await gateway.until(() => gateway.stdout.includes('listens on'))
    const { mcpServers } = JSON.parse(fs.readFileSync(path.join(home, '.cursor/mcp.json'), 'utf8'))
    expect(mcpServers.gateway.args).toContain(state)
    const entry = { stdio: { env: {}, ...mcpServers.gateway }, isDisabled: false }
    expect(await callThrough(entry, 'sample__echo')).toEqual(answer)
    const check = run('gateway', 'clients', 'check', 'cursor')
    expect(await check.exit, check.stdout).toBe(0)
    expect(check.stdout).toMatch(/tools: 3 of at most 40, about \d+ tokens/)
    expect(check.stdout).toMatch(/last seen: 20/)
  })

  test('entries of a gateway that has moved are corrected when it starts', async () => {
    const { home, state, env } = freshUser()
    const catalog = sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
    const connections = new Connections({
      machine: { system: 'linux', homedir: home, env: { PATH: '' } },
      stateDir: state,
      launcher: () => ({ command: '/old/node', args: ['/old/gateway-stdio.cjs'], env: {} }),
      url: () => undefined,
      serverIds: () => [],
    })
    await connections.connect({ id: 'codex', kind: 'shim-all' })
    const args = ['--listen', '127.0.0.1:0', '--catalog', catalog]
    const gateway = new Program('gateway-http', { env, cwd: home, args })
    await gateway.until(() => gateway.stderr.includes('led nowhere any more, and was corrected'))
    const entry = entryIn(connections, 'codex', 'gateway')
    expect(entry.stdio?.args[0]).toBe(shim)
    expect(await callThrough(entry, 'sample__echo')).toEqual(answer)
    gateway.child.kill('SIGTERM')
    await gateway.exit

    // The next start has nothing to correct.
    const file = fs.readFileSync(path.join(state, 'clients.json'), 'utf8')
    const again = new Program('gateway-http', { env, cwd: home, args })
    await again.until(() => again.stdout.includes('listens on'))
    expect(again.stderr).not.toContain('corrected')
    expect(fs.readFileSync(path.join(state, 'clients.json'), 'utf8')).toBe(file)
  })
})
