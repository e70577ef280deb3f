import { isIP } from 'node:net'
import { GatewayError } from '../../src-shared/errors.ts'

/** Where a socket listens. `host` is without the brackets of an IPv6 literal. */
export interface ListenAddress {
  host: string
  port: number
}

/** `listen_addr` in its parts. Throws `bad_request` if it is not host:port. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65535) {
    throw new GatewayError(
      'bad_request',
      `listen_addr "${text}" is not an address. Write host:port with a port of at most 65535, ` +
        'for example "127.0.0.1:4444".',
    )
  }
  return { host, port }
}

/** `host:port` as it stands in a URL and in a Host header. */
export function authority({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** True for 127.0.0.0/8, ::1, their mapped form, and the name localhost. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  if (plain === 'localhost' || plain === '::1') return true
  return isIP(plain) === 4 && plain.startsWith('127.')
}

/** True for the addresses that mean "every interface". */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
