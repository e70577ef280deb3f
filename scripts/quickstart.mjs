/** What `npm start` runs, on the desktop and headless alike: the sample catalog, with its state in .state/. */
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { parseArgs } from 'node:util'

export const root = path.join(import.meta.dirname, '..')
const example = path.join(root, 'examples', 'quickstart')

/** Its state is kept apart from an installed gateway's; `--state-dir` says where else. */
export function stateOf(args) {
  const { values } = parseArgs({
    args,
    strict: false,
    options: { 'state-dir': { type: 'string' } },
  })
  const given = values['state-dir']
  return typeof given === 'string' ? path.resolve(given) : path.join(root, '.state', 'quickstart')
}

/** For the gateway, whoever hosts it: a free port if 4444 is taken; then what was given. */
export async function gatewayArgs(state, given) {
  const port = (await isFree(4444)) ? 4444 : 0
  return [
    '--config',
    path.join(example, 'config.yaml'),
    '--state-dir',
    state,
    '--listen',
    `127.0.0.1:${port}`,
    ...given,
  ]
}

export function gatewayEnv(state) {
  return { ...process.env, QUICKSTART_MEMORY: path.join(state, 'memory.jsonl') }
}

/** What can be done with it, for somebody who has never seen it. */
export function welcome(url, state) {
  const key = keyText(state)
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
    'Try a tool; this starts its server:',
    `  curl -s ${headers} -d ${quoted} ${url}/mcp`,
    '',
    'What runs, from a second terminal in this folder:',
    `  ${fromHere(process.execPath)} ${tool} status --state-dir ${fromHere(state)}`,
    '',
    'For the "mcpServers" in the configuration of an AI client:',
    `  "gateway": ${JSON.stringify(entry)}`,
    '',
  ].join('\n')
}

/** A link to the dashboard that opens it once, within five minutes. */
export async function dashboardLink(url, state) {
  const response = await fetch(`${url}/api/dashboard.link`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${keyText(state)}`, 'Content-Type': 'application/json' },
    body: '{}',
  })
  const { ok, error } = await response.json()
  if (ok === undefined) throw new Error(error?.message ?? `HTTP ${response.status}`)
  return ok.url
}

function keyText(state) {
  return fs.readFileSync(path.join(state, 'key'), 'utf8').trim()
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
