import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { gatewayArgs, gatewayEnv, root, stateOf, welcome } from './quickstart.mjs'

/** An app that has run for so long is up, even if it has no gateway: its window says why. */
const upAfterMs = 15_000
const lookMs = 100

/**
 * Opens the desktop app. Resolves with undefined once it is up (this process then ends with it), or with the reason
 * why it did not come up, in one line.
 */
export async function startDesktop(executable, args) {
  const state = stateOf(args)
  const env = gatewayEnv(state)
  // Set by whoever runs in Electron's own terminal, such as that of VS Code.
  delete env.ELECTRON_RUN_AS_NODE
  const data = path.join(state, 'desktop')
  const app = spawn(
    executable,
    [root, `--user-data-dir=${data}`, ...(await gatewayArgs(state, args))],
    { stdio: ['ignore', 'ignore', 'pipe'], env },
  )
  let said = ''
  app.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-8_000)
  })
  // The terminal has sent it to the app as well, which ends when it has cleaned up.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => app.kill('SIGTERM'))

  const ended = new Promise((resolve) => {
    app.once('error', (error) => resolve({ code: 1, why: error.message }))
    app.once('exit', (code, signal) => resolve({ code: code ?? 128, why: signal }))
  })
  const up = await Promise.race([ended, isUp(app, state)])
  if (typeof up === 'object') {
    if (up.code !== 0) return reasonIn(said) ?? `it ended at once (${up.why ?? up.code})`
    process.stdout.write('Open MCP Gateway runs already: its window is in front.\n')
    return undefined
  }
  const url = gatewayOf(app, state)?.url
  process.stdout.write(
    [
      'The window of Open MCP Gateway is open.',
      ...(url === undefined ? [] : [`The gateway listens on ${url}`, '', welcome(url, state)]),
      'Ctrl-C quits it and ends its servers. In the browser instead: npm start -- --headless',
      '',
      '',
    ].join('\n'),
  )
  void ended.then(({ code }) => {
    process.exitCode = code
    if (code !== 0 && said !== '') process.stderr.write(said)
  })
  return undefined
}

async function isUp(app, state) {
  const deadline = performance.now() + upAfterMs
  while (gatewayOf(app, state) === undefined && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, lookMs).unref())
  return true
}

/** What the app's gateway says of itself. */
function gatewayOf(app, state) {
  try {
    const info = JSON.parse(fs.readFileSync(path.join(state, 'gateway.json'), 'utf8'))
    return info.pid === app.pid ? info : undefined
  } catch {
    return undefined
  }
}

/** The last line that tells of a failure; without Chromium's time and place in front of it. */
function reasonIn(text) {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^\[[^\]]*\]\s*/, '').trim())
    .filter((line) => line !== '')
  return lines.findLast((line) => /error|fatal|cannot|not|missing|fail/i.test(line)) ?? lines.at(-1)
}
