/**
 * Keeps what V8 makes of the gateway's code beside it, for the image: starts the staged gateway in APP once, and has
 * Node write its compile cache to APP/compiled, for the Node that runs this and for user UID.
 *
 *   node scripts/compile-ahead.mjs APP UID
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const startLimitMs = 60_000

const catalog = `servers:
  - id: example
    runtime: { type: local-process, command: example, args: [--stdio] }
    env: { LEVEL: info }
`

export async function compileAhead(app, uid) {
  const compiled = path.join(app, 'compiled')
  fs.rmSync(compiled, { recursive: true, force: true })
  fs.mkdirSync(compiled)
  await startOnce(app)
  // Node looks only at what its own user has made, and makes it for no other to read.
  // In the image all of it belongs to root.
  const [name] = fs.readdirSync(compiled)
  if (name === undefined) throw new Error(`Node has written nothing to ${compiled}.`)
  const folder = path.join(compiled, name.replace(/-\d+$/, `-${uid}`))
  fs.renameSync(path.join(compiled, name), folder)
  for (const readable of [compiled, folder]) fs.chmodSync(readable, 0o755)
  for (const file of fs.readdirSync(folder)) fs.chmodSync(path.join(folder, file), 0o644)
}

/** Up to where it listens, with all files of a first start. Node writes at the end. */
async function startOnce(app) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-compile-'))
  try {
    const config = path.join(folder, 'config.yaml')
    fs.writeFileSync(config, 'log_level: warn\n')
    fs.writeFileSync(path.join(folder, 'catalog.yaml'), catalog)
    const args = ['--config', config, '--listen', '127.0.0.1:0', '--state-dir', `${folder}/state`]
    const gateway = spawn(process.execPath, [path.join(app, 'gateway-http.cjs'), ...args], {
      env: { HOME: folder, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: startLimitMs,
      killSignal: 'SIGKILL',
    })
    const ended = once(gateway, 'exit')
    gateway.stdout.once('data', () => gateway.kill('SIGTERM'))
    const [code] = await ended
    if (code !== 0) throw new Error('The gateway did not start, so its code cannot be compiled.')
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [app, uid] = process.argv.slice(2)
  if (app === undefined || uid === undefined)
    throw new Error('Usage: node scripts/compile-ahead.mjs APP UID')
  await compileAhead(app, uid)
}
