/**
 * `npm run dev`: a gateway on the catalog of examples/quickstart and, in front of it, the window from its sources:
 * what is edited in src-renderer/ shows at once. `--fake` takes the made-up gateway of test/renderer/ instead.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createServer } from 'vite'
import { buildIfStale } from './build-if-stale.mjs'

const root = path.join(import.meta.dirname, '..')
const state = path.join(root, '.state', 'dev')
const isFake = process.argv.includes('--fake')
process.chdir(root)

const gateway = isFake ? startFake() : startGateway()
gateway.on('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => gateway.kill('SIGTERM'))
const target = await firstUrl(gateway)
const code = isFake ? 'good' : await oneTimeCode(target)
const forward = {
  target,
  changeOrigin: true,
  configure: (proxy) => {
    // The page is the gateway's, whatever port it came from.
    proxy.on('proxyReq', (request) => request.removeHeader('origin'))
  },
}
const vite = await createServer({
  configFile: path.join(root, 'vite.config.ts'),
  appType: 'spa',
  server: { host: '127.0.0.1', proxy: { '/api': forward, '/ui/session': forward } },
})
await vite.listen()
const address = vite.resolvedUrls?.local[0] ?? 'http://127.0.0.1:5173/'
process.stdout.write(`\nThe window, reloaded as it is edited:\n  ${address}#code=${code}\n\n`)

function startGateway() {
  buildIfStale()
  const args = [
    path.join(root, 'dist', 'gateway-http.cjs'),
    '--config',
    path.join(root, 'examples', 'quickstart', 'config.yaml'),
    '--state-dir',
    state,
    '--listen',
    '127.0.0.1:0',
  ]
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, QUICKSTART_MEMORY: path.join(state, 'memory.jsonl') },
  })
}

function startFake() {
  const options = process.argv.slice(2).filter((one) => one !== '--fake')
  return spawn(process.execPath, [path.join('test', 'renderer', 'serve-fake.ts'), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The origin in the first line that names one. */
function firstUrl(child) {
  return new Promise((resolve) => {
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text) => {
      if (!isFake) process.stdout.write(text)
      output += text
      const url = /https?:\/\/[\d.:a-z[\]]+/.exec(output)
      if (url !== null) resolve(url[0])
    })
  })
}

async function oneTimeCode(origin) {
  const key = fs.readFileSync(path.join(state, 'key'), 'utf8').trim()
  const response = await fetch(`${origin}/api/dashboard.link`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: '{}',
  })
  if (!response.ok) throw new Error(`The gateway gave no link: ${await response.text()}`)
  const { ok } = await response.json()
  return new URL(ok.url).hash.slice('#code='.length)
}
