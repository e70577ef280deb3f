import { realpathSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { UsageError } from '../bin/flags.ts'
import { LineFramer } from '../runtimes/framing.ts'
import { privateStateDir, stateDir, stateFiles } from '../state-dir.ts'
import { version } from '../version.ts'
import type { Connect, ShimLog } from './carrier.ts'
import { readStandardInput } from './chunk-reader.ts'
import { siblingGateway } from './gateway-start.ts'
import { httpConnect } from './http-carrier.ts'
import { LineWriter, standardOutput } from './line-writer.ts'
import { parseShimOptions, shimHelp } from './options.ts'
import type { ShimOptions } from './options.ts'
import { ShimSession } from './shim-session.ts'
import { socketConnect } from './socket-carrier.ts'

/** The shim: standard input and output to the gateway and back, until the client is gone. */
export function runShim(args: readonly string[]): void {
  let options: ShimOptions
  try {
    options = parseShimOptions(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`gateway-stdio: ${error.message}\n`)
    process.exit(2)
  }
  if (options.help === true) process.stdout.write(shimHelp)
  else if (options.version === true) process.stdout.write(`${version}\n`)
  else relay(options)
}

const levels = ['debug', 'info', 'warn', 'error']

/** A one-shot use (`… | gateway-stdio`) gets its answers; a client that has gone is not waited for. */
const firstAnswerLimitMs = 15_000
const nextAnswerLimitMs = 1_000

function relay(options: ShimOptions): void {
  const { stdout } = process
  const least = Math.max(0, levels.indexOf(options['log-level'] ?? 'warn'))
  const log: ShimLog = (level, message) => {
    if (levels.indexOf(level) >= least) process.stderr.write(`gateway-stdio: ${message}\n`)
  }
  let hasAnswered = false
  let leaving: NodeJS.Timeout | undefined
  const exit = (code: number): void => {
    session.close()
    writer.flush()
    stdout.write('', () => process.exit(code))
    setTimeout(() => process.exit(code), 500).unref()
  }
  const leave = (): void => {
    clearTimeout(leaving)
    if (session.waiting === 0) exit(0)
    else leaving = setTimeout(() => exit(0), hasAnswered ? nextAnswerLimitMs : firstAnswerLimitMs)
  }
  const writer = new LineWriter(standardOutput(stdout, () => process.exit(0)))
  const session = new ShimSession({
    connect: connectFor(options, log),
    log,
    out(line) {
      hasAnswered = true
      writer.line(line)
      if (leaving !== undefined) leave()
    },
    failed: () => exit(1),
  })
  const framer = new LineFramer((line) => session.receive(line), {
    onOverflow: (bytes) =>
      log('error', `A message of ${bytes} bytes is too large; it was dropped.`),
  })
  readStandardInput({
    chunk: (chunk) => framer.push(chunk),
    end() {
      framer.end()
      leave()
    },
    error: () => exit(0),
  })
  // The client is gone: EPIPE.
  stdout.on('error', () => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => exit(0))
  session.open()
}

function connectFor(options: ShimOptions, log: ShimLog): Connect {
  const { server, client, gateway, catalog } = options
  const who = {
    ...(server === undefined ? {} : { serverId: server }),
    ...(client === undefined ? {} : { client }),
  }
  // Only from its own environment, never the local key: that one opens the gateway of this machine.
  if (gateway !== undefined)
    return httpConnect({ url: gateway, apiKey: process.env['MCP_GATEWAY_API_KEY'], ...who, log })
  const homedir = os.homedir()
  const { env, platform } = process
  const shared = stateDir({ env, platform, homedir }, options['state-dir'])
  const catalogPath = catalog === undefined ? undefined : realPath(catalog)
  const dir = catalogPath === undefined ? shared : privateStateDir(shared, catalogPath)
  return socketConnect({
    start: {
      files: stateFiles(dir),
      program: siblingGateway(realpathSync(process.argv[1] ?? '')),
      ...(catalogPath === undefined ? {} : { catalogPath }),
      homedir,
      env,
      log,
    },
    ...who,
  })
}

/** The gateway says what is wrong with a file that is not there. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return path.resolve(file)
  }
}
