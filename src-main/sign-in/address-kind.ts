import { BlockList } from 'node:net'

/** `forbidden`: where nobody signs in, whoever says so: link-local with its metadata services, multicast, reserved. */
type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden'

const loopback = listOf(['127.0.0.0/8', '::1/128'])
const privateNetworks = listOf([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
])
const forbidden = listOf([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'ff00::/8',
])

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Of an IP address (RFC 6890). An IPv4 address in an IPv6 one is what it is. */
export function kindOfAddress(address: string): AddressKind {
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  if (loopback.check(address, family)) return 'loopback'
  if (forbidden.check(address, family)) return 'forbidden'
  return privateNetworks.check(address, family) ? 'private' : 'public'
}

/** True for names and addresses of this machine (RFC 6761 6.3, RFC 8252 7.3). */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return /^(?:127(?:\.\d{1,3}){3}|::1)$/.test(name)
}
