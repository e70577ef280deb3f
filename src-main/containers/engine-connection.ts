import { spawn } from 'node:child_process'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { EngineAddress, EngineKind } from './engine-address.ts'

const sshConnectSeconds = 10

/** Opens one connection to an engine; its failure is the stream's `error`. */
export function connectToEngine({ transport, kind }: EngineAddress): Duplex {
  switch (transport.kind) {
    case 'socket':
      return net.connect({ path: transport.path })
    case 'tcp': {
      const { host, port, tls: secure } = transport
      if (secure === undefined) return net.connect({ host, port })
      const { verify, ...files } = secure
      return tls.connect({
        host,
        port,
        ...files,
        rejectUnauthorized: verify,
        ...(net.isIP(host) === 0 ? { servername: host } : {}),
      })
    }
    case 'ssh':
      return connectBySsh(transport.destination, transport.port, kind)
  }
}

/**
 * As the Docker command line does it: the system's own `ssh`, so that its configuration, its agent and above all the
 * keys of known hosts hold.
 */
function connectBySsh(destination: string, port: number | undefined, kind: EngineKind): Duplex {
  const args = [
    '-T',
    '-o',
    'BatchMode=yes',
    '-o',
    `ConnectTimeout=${sshConnectSeconds}`,
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    destination,
    `${kind} system dial-stdio`,
  ]
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
  const stream = new Duplex({
    read: () => child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => {
      child.stdin.end()
      done()
    },
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-1000)))
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause()
  })
  // Its failure shows as the end of a stream that is torn: what that is to others is in its exit code.
  child.stdin.on('error', () => {})
  child.once('error', (error) => stream.destroy(error))
  child.once('close', (code) => {
    if (code === 0) stream.push(null)
    else stream.destroy(new SshError(words.trim(), code))
  })
  return stream
}

/** What ssh said before it gave up. */
export class SshError extends Error {
  constructor(words: string, code: number | null) {
    super(words === '' ? `ssh ended with code ${code}` : words)
    this.name = 'SshError'
  }
}
