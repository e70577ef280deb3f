import { isIP } from 'node:net'
import { authority, isLoopback, isWildcard, type ListenAddress } from './listen-address.ts'

/** The names under which this gateway may be spoken to. */
export interface OwnNames {
  /** `localAddress` is the address of ours that the client reached. */
  isOurs(hostHeader: string, localAddress: string | undefined): boolean
  /** `hostHeader` must have been found ours before. */
  isOurOrigin(origin: string, hostHeader: string): boolean
}

interface OwnNamesOptions {
  bound: ListenAddress
  /** As written in listen_addr: a name, perhaps. */
  listenHost: string
  /** `name` (any port) or `name:port`. */
  allowedHosts: readonly string[]
  scheme: 'http' | 'https'
}

/** Sets are filled once at start, so that a request costs two look-ups. */
export function ownNames(options: OwnNamesOptions): OwnNames {
  const { bound, scheme } = options
  const hosts = ['127.0.0.1', 'localhost', '::1', options.listenHost, bound.host].filter(
    (host) => !isWildcard(host),
  )
  const defaultPort = scheme === 'https' ? 443 : 80
  const authorities = new Set<string>()
  const origins = new Set<string>()
  for (const host of hosts) addNames(host.toLowerCase(), bound.port)
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()))

  function addNames(host: string, port: number): void {
    const withPort = authority({ host, port })
    const bare = withPort.slice(0, withPort.lastIndexOf(':'))
    authorities.add(withPort).add(bare)
    origins.add(`${scheme}://${withPort}`)
    if (port === defaultPort) origins.add(`${scheme}://${bare}`)
  }

  function isAllowedName(hostHeader: string): boolean {
    if (allowed.size === 0) return false
    const host = hostHeader.toLowerCase()
    return allowed.has(host) || allowed.has(host.replace(/:\d{1,5}$/, ''))
  }

  /** On 0.0.0.0 and ::, the address that was dialled is ours too: a page cannot rebind an IP literal. */
  function isDialledAddress(hostHeader: string, localAddress: string | undefined): boolean {
    if (!isWildcard(bound.host) || localAddress === undefined) return false
    const host = localAddress.replace(/^::ffff:(?=\d+\.)/, '')
    if (isIP(host) === 0 || isLoopback(host)) return false
    const withPort = authority({ host, port: bound.port })
    return hostHeader === withPort || `${hostHeader}:${bound.port}` === withPort
  }

  return {
    isOurs: (hostHeader, localAddress) =>
      authorities.has(hostHeader) ||
      authorities.has(hostHeader.toLowerCase()) ||
      isAllowedName(hostHeader) ||
      isDialledAddress(hostHeader, localAddress),
    isOurOrigin(origin, hostHeader) {
      if (origins.has(origin)) return true
      // Another name of ours: same-origin is what the browser says of the name that it dialled. A proxy in front may
      // add TLS, hence both schemes.
      if (authorities.has(hostHeader.toLowerCase())) return false
      const host = hostHeader.toLowerCase()
      return origin === `http://${host}` || origin === `https://${host}`
    },
  }
}
