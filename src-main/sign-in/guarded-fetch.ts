import type { LookupAddress } from 'node:dns'
import type http from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import { isLoopbackHost, kindOfAddress } from './address-kind.ts'

const maxBodyBytes = 1024 * 1024
const answerLimitMs = 15_000

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * Requests to addresses that a server has named, and that may be chosen to harm: https alone, public addresses alone
 * where the server itself is public, no redirect followed, at most 1 MiB and 15 s. A server on this machine or in a
 * private network may name others there, and plain http on this machine. Rejects with GatewayError `server_failed`.
 */
export function createGuardedFetch(serverId: string, serverUrl: string): Fetch {
  const server = new URL(serverUrl)
  const isLocal = isLoopbackHost(server.hostname)
  let isPrivate: Promise<boolean> | undefined

  const refuse = (url: URL, why: string, cause?: unknown): GatewayError =>
    new GatewayError(
      'server_failed',
      `${serverId}: signing in asks for ${url.origin}${url.pathname}, ${why}`,
      { cause },
    )

  async function addressesOf(url: URL): Promise<LookupAddress[]> {
    const { lookup } = process.getBuiltinModule('node:dns/promises')
    return lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
  }

  /** Where the server itself is in a private network, what it names may be there, too. */
  function serverIsPrivate(): Promise<boolean> {
    isPrivate ??= addressesOf(server).then(
      (addresses) => addresses.some(({ address }) => kindOfAddress(address) === 'private'),
      () => false,
    )
    return isPrivate
  }

  async function allowedAddresses(url: URL): Promise<LookupAddress[]> {
    let addresses: LookupAddress[]
    try {
      addresses = await addressesOf(url)
    } catch (cause) {
      throw refuse(url, 'a host that cannot be found. Check the network or VPN.', cause)
    }
    const kinds = new Set(['public'])
    if (isLocal) kinds.add('loopback')
    if (isLocal || (await serverIsPrivate())) kinds.add('private')
    const allowed = addresses.filter(({ address }) => kinds.has(kindOfAddress(address)))
    if (allowed.length > 0) return allowed
    throw refuse(url, 'an address that a server out there must not name. Nothing was sent to it.')
  }

  return async (input, init = {}) => {
    const url = new URL(input)
    const isPlain = url.protocol === 'http:' && isLocal && isLoopbackHost(url.hostname)
    if (url.protocol !== 'https:' && !isPlain)
      throw refuse(url, 'which is not https. Nothing was sent to it.')
    const addresses = await allowedAddresses(url)
    try {
      return await exchange(url, init, addresses)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw refuse(url, `which does not answer properly: ${why}. Try again later.`, cause)
    }
  }
}

/** One request to addresses that were looked up beforehand, so that nobody can exchange them in between. */
async function exchange(url: URL, init: RequestInit, to: LookupAddress[]): Promise<Response> {
  const { request } =
    url.protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  const headers = new Headers(init.headers)
  headers.set('accept-encoding', 'identity')
  headers.set('user-agent', 'open-mcp-gateway')
  const body = init.body === undefined || init.body === null ? undefined : bodyText(init.body)
  if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)))
  const signal = AbortSignal.timeout(answerLimitMs)
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(headers),
      agent: false,
      signal,
      lookup: (_host, options, done) =>
        options.all === true ? done(null, to) : done(null, to[0]?.address ?? '', to[0]?.family),
    })
    outgoing.on('error', (error) =>
      reject(
        signal.aborted ? new Error(`no answer within ${answerLimitMs / 1000} seconds`) : error,
      ),
    )
    outgoing.once('response', resolve)
    outgoing.end(body)
  })
  const text = await bodyOf(answer)
  const status = answer.statusCode ?? 502
  const answerHeaders = new Headers()
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) answerHeaders.set(name, String(value))
  return new Response([204, 205, 304].includes(status) ? null : text, {
    status,
    headers: answerHeaders,
  })
}

function bodyText(body: NonNullable<RequestInit['body']>): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('Such a body is not sent.')
}

async function bodyOf(answer: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > maxBodyBytes) {
      answer.destroy()
      throw new Error('the answer is larger than 1 MiB')
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
