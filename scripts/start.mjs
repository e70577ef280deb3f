/**
 * `npm start`: the gateway on the sample catalog of examples/quickstart, for a first look. Its state is kept apart
 * from an installed gateway's, in .state/, and it takes a free port if 4444 is taken.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { buildIfStale } from './build-if-stale.mjs'

const root = path.join(import.meta.dirname, '..')
const example = path.join(root, 'examples', 'quickstart')
const state = path.join(root, '.state', 'quickstart')

buildIfStale()
const port = (await isFree(4444)) ? 4444 : 0
const gateway = spawn(
  process.execPath,
  [
    path.join(root, 'dist', 'gateway-http.cjs'),
    '--config',
    path.join(example, 'config.yaml'),
    '--state-dir',
    state,
    '--listen',
    `127.0.0.1:${port}`,
    ...process.argv.slice(2),
  ],
  {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, QUICKSTART_MEMORY: path.join(state, 'memory.jsonl') },
  },
)
gateway.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128)
})
// The terminal has sent it to the gateway as well, which ends when it has cleaned up.
process.on('SIGINT', () => {})
// The terminal was closed, or somebody ends this: nothing is left behind.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => gateway.kill('SIGTERM'))

let output = ''
gateway.stdout.setEncoding('utf8')
gateway.stdout.on('data', (text) => {
  process.stdout.write(text)
  if (output === undefined) return
  output += text
  const url = /listens on (\S+)/.exec(output)?.[1]
  if (url === undefined) return
  output = undefined
  process.stdout.write(`${welcome(url)}\n`)
})

function welcome(url) {
  const key = fs.readFileSync(path.join(state, 'key'), 'utf8').trim()
  const call = {
    server_id: 'everything',
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'hello from the gateway' } },
  }
  const body = JSON.stringify(call)
  const quoted =
    process.platform === 'win32' ? `"${body.replaceAll('"', String.raw`\"`)}"` : `'${body}'`
  const headers = `-H "Authorization: Bearer ${key}" -H "Content-Type: application/json"`
  const shim = path.join(root, 'dist', 'gateway-stdio.cjs')
  const entry = { command: process.execPath, args: [shim, '--state-dir', state] }
  const tool = path.join('dist', 'gateway.cjs')
  return [
    '',
    'Try a tool; this starts its server:',
    `  curl -s ${headers} -d ${quoted} ${url}/mcp`,
    '',
    'What runs, from a second terminal in this folder:',
    `  ${fromHere(process.execPath)} ${tool} status --state-dir ${fromHere(state)}`,
    '',
    'For the "mcpServers" in the configuration of an AI client:',
    `  "gateway": ${JSON.stringify(entry)}`,
    '',
    'Ctrl-C ends the gateway and its servers.',
    '',
  ].join('\n')
}

/** What is inside of this folder is shorter without it. */
function fromHere(file) {
  return file.startsWith(root + path.sep) ? path.relative(root, file) : file
}

function isFree(wanted) {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
