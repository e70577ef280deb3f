import { z } from 'zod'
import { serverRow } from '../../src-shared/api-servers.ts'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { signInLink } from '../../src-shared/sign-in.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { openBrowser } from './browser.ts'
import { UsageError } from './flags.ts'
import { callGateway } from './gateway-request.ts'

interface Surroundings {
  gateway: GatewayInfo
  key: string
  json: boolean
  signsOut: boolean
  withBrowser: boolean
}

/** A server may have to be started first, and its issuer asked. */
const answerLimitMs = 90_000
const pollMs = 500

const signedOut = z.object({ server: serverRow, note: z.string().nullable() })

/** `gateway auth SERVER`. Throws UsageError, or GatewayError with why nobody is signed in. */
export async function authCommand(
  [id, ...more]: readonly string[],
  around: Surroundings,
): Promise<number> {
  if (id === undefined || more.length > 0)
    throw new UsageError('gateway auth takes one SERVER, by its id in the catalog.')
  return around.signsOut ? signOut(id, around) : signIn(id, around)
}

async function signOut(id: string, { gateway, key, json }: Surroundings): Promise<number> {
  const answer = await callGateway(gateway, key, 'sign_in.sign_out', { id }, answerLimitMs)
  const { server, note } = signedOut.parse(answer)
  if (json) print({ id, sign_in: server.sign_in, note })
  else {
    process.stdout.write(`Signed out of ${id}.\n`)
    if (note !== null) process.stderr.write(`${note}\n`)
  }
  return 0
}

/** Prints the link, then waits for the browser to come back to the gateway, or for the address that is pasted here. */
async function signIn(id: string, around: Surroundings): Promise<number> {
  const { gateway, key, json, withBrowser } = around
  const started = await callGateway(gateway, key, 'sign_in.start', { id }, answerLimitMs)
  const { url, expires_at } = signInLink.parse(started)
  if (json) print({ id, url, expires_at })
  else
    process.stdout.write(
      `Sign in to ${id} with this link, until ${new Date(expires_at).toLocaleTimeString()}:\n\n  ${url}\n\n` +
        'If the browser is on another machine, it ends at a page that it cannot open:\n' +
        'then paste the address of that page here. Waiting …\n',
    )
  const { env, platform, stdin, stdout } = process
  if (withBrowser && !json) await openBrowser(url, { env, platform, isTerminal: stdout.isTTY })
  const end = new AbortController()
  try {
    const row = await Promise.race([
      untilOver(id, around, end.signal),
      pasted(id, around, end.signal),
    ])
    return report(row, json)
  } finally {
    end.abort()
    stdin.pause()
    stdin.unref()
  }
}

function report({ id, sign_in }: ServerRow, json: boolean): number {
  if (sign_in?.state !== 'signed_in')
    throw new GatewayError(
      'bad_request',
      `${id} is not signed in. ${sign_in?.problem ?? 'The sign-in was given up.'}`,
    )
  const { issuer, account, scopes, problem } = sign_in
  if (problem !== null) process.stderr.write(`${problem}\n`)
  if (json) print({ id, sign_in })
  else
    process.stdout.write(
      `Signed in to ${id}${account === null ? '' : ` as ${account}`} at ${issuer}.` +
        `${scopes.length === 0 ? '' : ` Scopes: ${scopes.join(', ')}.`}\n`,
    )
  return 0
}

async function untilOver(
  id: string,
  { gateway, key }: Surroundings,
  signal: AbortSignal,
): Promise<ServerRow> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, pollMs)
    await promise
    clearTimeout(timer)
    const row = serverRow.parse(await callGateway(gateway, key, 'server.get', { id }))
    if (row.sign_in?.state !== 'in_progress' || signal.aborted) return row
  }
}

/** Never resolves at the end of the input: the browser may still come. */
async function pasted(
  id: string,
  { gateway, key }: Surroundings,
  signal: AbortSignal,
): Promise<ServerRow> {
  for await (const line of lines(process.stdin)) {
    if (signal.aborted) break
    if (line.trim() === '') continue
    const input = { id, redirect_url: line.trim() }
    try {
      return serverRow.parse(
        await callGateway(gateway, key, 'sign_in.finish', input, answerLimitMs),
      )
    } catch (error) {
      // Not the right address, perhaps: another one may be. Or the browser was there already.
      if (!(error instanceof GatewayError)) throw error
      if (error.code !== 'bad_request' && error.code !== 'not_found') throw error
      process.stderr.write(`${error.message}\n`)
    }
  }
  return new Promise(() => {})
}

async function* lines(input: NodeJS.ReadStream): AsyncGenerator<string> {
  let rest = ''
  input.setEncoding('utf8')
  for await (const chunk of input) {
    rest += String(chunk)
    const found = rest.split('\n')
    rest = (found.pop() ?? '').slice(-65_536)
    yield* found
  }
  yield rest
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
