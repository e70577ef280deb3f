import fs from 'node:fs'
import path from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import { authority, isWildcard, type ListenAddress } from './listen-address.ts'

const probeTimeoutMs = 500

/** Why listening failed, for people: who is there, and how to choose another port. */
export async function listenFailure(
  wanted: ListenAddress,
  error: Error & { code?: string },
): Promise<GatewayError> {
  const where = authority(wanted)
  const options = { cause: error }
  switch (error.code) {
    case 'EADDRINUSE': {
      const elsewhere = authority({ ...wanted, port: wanted.port < 65535 ? wanted.port + 1 : 4444 })
      return new GatewayError(
        'conflict',
        `Cannot listen on ${where}: ${await portHolder(wanted)} is using that port. Stop it, or choose another ` +
          `port with listen_addr in config.yaml, for example "${elsewhere}" (port 0 takes a free one).`,
        options,
      )
    }
    case 'EACCES':
      return new GatewayError(
        'forbidden',
        `Cannot listen on ${where}: the system reserves this port. Choose one above 1023 with listen_addr in config.yaml.`,
        options,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new GatewayError(
        'bad_request',
        `Cannot listen on ${where}: this machine has no such address. Correct listen_addr in config.yaml, ` +
          'for example "127.0.0.1:4444".',
        options,
      )
    default:
      return new GatewayError('internal', `Cannot listen on ${where}: ${error.message}.`, options)
  }
}

/** "another Open MCP Gateway (process 12, node gateway-http.cjs)", as much of it as can be found out. */
async function portHolder(address: ListenAddress): Promise<string> {
  const isGateway = await answersAsGateway(address)
  const holder = holdingProcess(address.port)
  const name = isGateway ? 'another Open MCP Gateway' : 'another program'
  return holder === undefined ? name : `${name} (${holder})`
}

function answersAsGateway({ host, port }: ListenAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const request = process.getBuiltinModule('node:http').get(
      {
        host: isWildcard(host) ? (host === '::' ? '::1' : '127.0.0.1') : host,
        port,
        path: '/health',
        agent: false,
        signal: AbortSignal.timeout(probeTimeoutMs),
      },
      (response) => {
        response.destroy()
        resolve(response.headers.server === 'open-mcp-gateway')
      },
    )
    request.on('error', () => resolve(false))
  })
}

/**
 * Linux: the listening socket's inode in /proc/net/tcp, then the process that holds it, if it is one of ours to look
 * into. Only names are told: arguments may be secret.
 */
function holdingProcess(port: number): string | undefined {
  const inodes = listeningInodes(port)
  if (inodes.size === 0) return undefined
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const handle of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${handle}`))?.[1]
      if (inode === undefined || !inodes.has(inode)) continue
      return `process ${pid}, ${programName(read(`/proc/${pid}/cmdline`))}`
    }
  }
  return undefined
}

function listeningInodes(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; state 0A is LISTEN.
      const fields = line.trim().split(/\s+/)
      const [, local, , state] = fields
      const inode = fields[9]
      if (state === '0A' && local?.endsWith(`:${hexPort}`) && inode !== undefined) inodes.add(inode)
    }
  }
  return inodes
}

/** `node /opt/gateway-http.cjs --x y` → `node gateway-http.cjs`. */
function programName(commandLine: string): string {
  const [program = '', script = ''] = commandLine.split('\0')
  const name = path.basename(program.split(' ')[0] ?? '')
  return /^[^-].*\.[cm]?[jt]s$|^[^-].*\.py$/.test(script)
    ? `${name} ${path.basename(script)}`
    : name
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // not Linux, gone since, or somebody else's
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function readLink(file: string): string {
  try {
    return fs.readlinkSync(file)
  } catch {
    return ''
  }
}
