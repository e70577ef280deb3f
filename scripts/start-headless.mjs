import { spawn } from 'node:child_process'
import path from 'node:path'
import { dashboardLink, gatewayArgs, gatewayEnv, root, stateOf, welcome } from './quickstart.mjs'

/** Runs the gateway in this terminal until it is ended, and says what can be done with it. */
export async function startHeadless(args) {
  const state = stateOf(args)
  const program = path.join(root, 'dist', 'gateway-http.cjs')
  const gateway = spawn(process.execPath, [program, ...(await gatewayArgs(state, args))], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: gatewayEnv(state),
  })
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
    void greet(url, state)
  })
}

async function greet(url, state) {
  const link = await dashboardLink(url, state).catch((error) => `(there is none: ${error.message})`)
  process.stdout.write(
    [
      '',
      'The dashboard, by this link once within five minutes:',
      `  ${link}`,
      '',
      welcome(url, state),
      'Ctrl-C ends the gateway and its servers.',
      '',
      '',
    ].join('\n'),
  )
}
