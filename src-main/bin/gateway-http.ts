#!/usr/bin/env node
import { GatewayError } from '../../src-shared/errors.ts'
import { alreadyRunningExitCode } from '../state-dir.ts'
import { version } from '../version.ts'
import { useCompiledCode } from './compiled-code.ts'
import { UsageError } from './flags.ts'
import { AlreadyRunningError } from '../host/gateway-claim.ts'
import { gatewayHelp, parseGatewayFlags } from './gateway-options.ts'

async function main(args: readonly string[]): Promise<number | undefined> {
  const flags = parseGatewayFlags(args)
  if (flags.help === true) process.stdout.write(gatewayHelp)
  else if (flags.version === true) process.stdout.write(`${version}\n`)
  else if (flags.validate === true) {
    const { validate } = await import('./validate-files.ts')
    return validate(flags, flags.strict === true)
  } else {
    useCompiledCode()
    const { runGateway } = await import('./run-gateway.ts')
    await runGateway(flags)
    return undefined
  }
  return 0
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exitCode = code
  },
  (error: unknown) => {
    if (!(error instanceof GatewayError) && !(error instanceof UsageError)) throw error
    process.stderr.write(`gateway-http: ${error.message}\n`)
    const isRunning = error instanceof AlreadyRunningError
    process.exit(error instanceof UsageError ? 2 : isRunning ? alreadyRunningExitCode : 1)
  },
)
