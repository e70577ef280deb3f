import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closeClients, connect } from '../integration/sdk-client.ts'
import { decidedFuses, readFuses } from './package-app.ts'
import { RunningApp } from './running-app.ts'

/**
 * A package made with the real Electron binary, named by PACKAGED_PROGRAM: its executable, on macOS the bundle. The
 * workflows run this on three systems; without one, packages.test.ts looks at packages around a stand-in.
 */
const program = path.resolve(process.env['PACKAGED_PROGRAM'] ?? '')
const isBundle = program.endsWith('.app')
const executable = isBundle
  ? path.join(program, 'Contents', 'MacOS', path.basename(program, '.app'))
  : program
const resources = isBundle
  ? path.join(program, 'Contents', 'Resources')
  : path.join(path.dirname(program), 'resources')

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-real-package-'))
const state = path.join(home, 'state')
const catalog = path.join(home, 'catalog.yaml')
fs.writeFileSync(catalog, 'servers: []\n')

afterAll(async () => {
  await closeClients()
  const files = fs.readdirSync(home, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => path.basename(name) === 'gateway.json'))
    process.kill(JSON.parse(fs.readFileSync(path.join(home, file), 'utf8')).pid, 'SIGTERM')
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
})

describe.skipIf(process.env['PACKAGED_PROGRAM'] === undefined)(
  'a package with real Electron',
  () => {
    test('each fuse is as decided', async () => {
      expect(await readFuses(program)).toEqual(decidedFuses)
    })

    test('it starts, and shows the window over a gateway of its own', async () => {
      const args = ['--state-dir', path.join(home, 'app-state'), '--catalog', catalog]
      args.push('--listen', '127.0.0.1:0', `--user-data-dir=${path.join(home, 'data')}`)
      const app = await RunningApp.start(executable, args, process.env)
      try {
        await expect
          .poll(() => app.page.locator('main').innerText(), { timeout: 15_000 })
          .toContain('No servers yet')
        expect(app.page.url()).toMatch(/^app:/)
      } finally {
        const code = await app.quit()
        if (process.platform !== 'win32') expect(code).toBe(0)
      }
    })

    test('its executable runs the shim, which starts the gateway beside it', async () => {
      const catalog = path.join(home, 'catalog.yaml')
      fs.writeFileSync(catalog, 'servers: []\n')
      const shim = path.join(resources, 'programs', 'gateway-stdio.cjs')
      const client = await connect('v1', {
        command: {
          command: executable,
          args: [shim, '--state-dir', state, '--catalog', catalog],
          env: environment({ ELECTRON_RUN_AS_NODE: '1' }),
        },
      })
      expect(client.serverName).toBe('open-mcp-gateway')
      expect(await client.list('tools')).toEqual([])
    })
  },
)

function environment(more: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry) => entry[1] !== undefined)
  return Object.fromEntries([...inherited, ...Object.entries(more)]) as Record<string, string>
}
