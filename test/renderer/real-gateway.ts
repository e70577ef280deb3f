import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

export interface RealGateway {
  dir: string
  catalogPath: string
  url: string
  pid: number
  /** A new one-time link to the window. */
  link(): Promise<string>
  /** Ends it as Ctrl-C does; resolves when it has cleaned up. */
  stop(): Promise<void>
}

/** The built gateway on a catalog and folders of its own. */
export async function startRealGateway(
  catalog: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RealGateway> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-window-'))
  const catalogPath = path.join(dir, 'catalog.yaml')
  await fs.writeFile(catalogPath, catalog)
  const configPath = path.join(dir, 'config.yaml')
  await fs.writeFile(configPath, 'listen_addr: 127.0.0.1:0\ncatalog_path: catalog.yaml\n')
  const program = path.join(root, 'dist', 'gateway-http.cjs')
  const state = path.join(dir, 'state')
  const child = spawn(process.execPath, [program, '--config', configPath, '--state-dir', state], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstUrl(child)
  return {
    dir,
    catalogPath,
    url,
    pid: child.pid ?? 0,
    async link() {
      const key = (await fs.readFile(path.join(state, 'key'), 'utf8')).trim()
      const response = await fetch(`${url}/api/dashboard.link`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: '{}',
      })
      const body: unknown = await response.json()
      return linkIn(body)
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await fs.rm(dir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** The catalog of one real server that has every feature; node_modules has it. */
export const everythingCatalog = `# Kept by hand.
servers:
  - id: everything
    display_name: Everything # of the protocol
    tags: [sample]
    runtime:
      type: local-process
      command: ${JSON.stringify(process.execPath)}
      args: [${JSON.stringify(path.join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'))}, stdio]
  - id: broken
    display_name: Broken
    runtime: { type: local-process, command: no-such-command-here }
`

function firstUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.setEncoding('utf8')
    child.stdout?.on('data', (text: string) => {
      output += text
      const url = /listens on (http:\/\/[\d.]+:\d+)/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code}: ${output}`)))
  })
}

function linkIn(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'ok' in body) {
    const { ok } = body
    if (typeof ok === 'object' && ok !== null && 'url' in ok && typeof ok.url === 'string')
      return ok.url
  }
  throw new Error(`No link: ${JSON.stringify(body)}`)
}
