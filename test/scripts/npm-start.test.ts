import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { downloadElectron, findElectron } from '../../scripts/electron-binary.mjs'
import { findChromium } from '../../scripts/test-tools.mjs'
import { isAlive, pidsWithEnvironment } from '../support/processes.ts'

const root = path.join(import.meta.dirname, '..', '..')
const hasStandIn = process.platform === 'linux' && findChromium() !== undefined

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'npm-start-'))
  onTestFinished(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 10 }))
  return made
}

/** A folder in the place of Electron's, with this for an executable. */
function dist(executable: string): string {
  const made = folder()
  fs.writeFileSync(path.join(made, 'version'), '0')
  fs.writeFileSync(path.join(made, 'electron'), `#!/bin/sh\n${executable}\n`, { mode: 0o755 })
  return made
}

/** `npm start`, by somebody with a home and a state of their own. */
function start(args: string[], env: Record<string, string> = {}, home = folder()) {
  const state = path.join(home, 'state')
  const child = spawn(
    process.execPath,
    [path.join(root, 'scripts', 'start.mjs'), '--state-dir', state, ...args],
    {
      cwd: home,
      env: { HOME: home, PATH: process.env['PATH'], ELECTRON_OVERRIDE_DIST_PATH: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'exit')
  const processes = (): number[] => pidsWithEnvironment(`HOME=${home}\0`)
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
    for (const pid of processes()) process.kill(pid, 'SIGKILL')
  })
  return {
    home,
    says: (words: RegExp) =>
      vi.waitFor(() => expect(output).toMatch(words), { timeout: 20_000, interval: 50 }),
    output: () => output,
    processes,
    end: async (signal: 'SIGTERM' | 'SIGINT') => {
      child.kill(signal)
      await exited
    },
  }
}

/** What every first look must say. */
async function tryIt(output: string): Promise<void> {
  const [, curl = ''] = /^ {2}(curl .*)$/m.exec(output) ?? []
  const answer = spawn('sh', ['-c', curl], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  answer.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(answer, 'close')
  expect(text).toContain('Echo: hello from the gateway')
  expect(output).toMatch(/^ {2}"gateway": {"command":.*gateway-stdio\.cjs/m)
}

test('--headless runs the gateway, shows what to try, and a link that opens the dashboard once', async () => {
  const started = start(['--headless'])
  await started.says(/Ctrl-C ends/)
  const output = started.output()
  await tryIt(output)
  expect(output).not.toContain('Without the desktop app')
  const [, page = '', code = ''] = /^ {2}(http\S+)#code=(\S+)$/m.exec(output) ?? []
  expect((await fetch(page)).status).toBe(200)
  const exchange = () =>
    fetch(new URL('session', page), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
  expect((await exchange()).status).toBe(200)
  expect((await exchange()).status).toBe(401)
  await started.end('SIGTERM')
  await vi.waitFor(() => expect(started.processes()).toEqual([]), { timeout: 10_000 })
})

describe.skipIf(process.platform !== 'linux')(
  'without the desktop app it says why in one line',
  () => {
    test('no display', async () => {
      const started = start([])
      await started.says(/Ctrl-C ends/)
      expect(started.output()).toMatch(
        /^Without the desktop app, since there is no display here\. Its dashboard is in the browser\.$/m,
      )
    })

    test('an Electron that does not start, by its own words', async () => {
      const words = '[1:0101/000000.0:ERROR:x.cc(1)] Missing X server or $DISPLAY'
      const started = start([], {
        ELECTRON_OVERRIDE_DIST_PATH: dist(`echo '${words}' >&2; exit 1`),
      })
      await started.says(/Ctrl-C ends/)
      expect(started.output()).toContain('since it did not open: Missing X server or $DISPLAY.')
    })
  },
)

test.skipIf(!hasStandIn)(
  'with an Electron the window opens, on the same catalog, and Ctrl-C ends all of it',
  async () => {
    const standIn = path.join(root, 'test', 'support', 'electron-stand-in', 'electron')
    const electron = { ELECTRON_OVERRIDE_DIST_PATH: dist(`exec '${standIn}' "$@"`) }
    const started = start([], electron)
    await started.says(/Ctrl-C quits/)
    await tryIt(started.output())
    expect(started.output()).toContain('The window of Open MCP Gateway is open.')
    const again = start([], electron, started.home)
    await again.says(/Open MCP Gateway runs already: its window is in front\./)
    const pids = started.processes()
    await started.end('SIGTERM')
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 15_000 })
  },
  60_000,
)

describe.skipIf(findElectron() !== undefined)('a download that comes to nothing', () => {
  async function download(respond: Parameters<typeof createServer>[1], stallMs?: number) {
    const server = createServer(respond as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    vi.stubEnv('ELECTRON_MIRROR', `http://127.0.0.1:${port}/`)
    vi.stubEnv('electron_config_cache', folder())
    onTestFinished(() => {
      vi.unstubAllEnvs()
      server.closeAllConnections()
      server.close()
    })
    let said = ''
    const failure = await downloadElectron({
      write: (text: string) => {
        said += text
        return true
      },
      ...(stallMs === undefined ? {} : { stallMs }),
    }).catch((error: unknown) => error)
    return { said, message: failure instanceof Error ? failure.message : 'none' }
  }

  test('is refused: it says what was asked for and what came', async () => {
    const { said, message } = await download((_request, response) => {
      response.writeHead(404).end()
    })
    expect(said).toMatch(/^Downloading Electron [\d.]+ for the desktop app, once/)
    expect(message).toMatch(/404/)
    expect(message).not.toContain('\n')
  })

  test('stands still: it is given up', async () => {
    const { message } = await download((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' })
      response.write('x'.repeat(1_000))
    }, 1_500)
    expect(message).toBe('no more of it came for 1.5 seconds')
  })
})
