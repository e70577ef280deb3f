import { SshError } from './engine-connection.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { EngineAddress } from './engine-address.ts'

export type EngineFailure =
  /** Nothing answers there. */
  | 'absent'
  /** This user may not use it. */
  | 'denied'
  | 'timeout'
  /** It answered, or had been connected, and then was gone. */
  | 'lost'
  /** Its certificate, or ours, is not accepted. */
  | 'tls'
  | 'ssh'
  /** It answered with an error of its own. */
  | 'answer'
  | 'aborted'

/** What came of a request to an engine. The message is the engine's or the system's own. */
export class EngineError extends Error {
  readonly failure: EngineFailure
  /** Of an answer; 0 for the others. */
  readonly status: number

  constructor(
    failure: EngineFailure,
    message: string,
    { status = 0, cause }: { status?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EngineError'
    this.failure = failure
    this.status = status
  }
}

/** What went wrong on the way to the engine. */
export function unreachable(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const is = (failure: EngineFailure): EngineError =>
    new EngineError(failure, error.message, { cause: error })
  if (error.name === 'AbortError') return is('aborted')
  if (error instanceof SshError) return is('ssh')
  if (code === 'ENOENT' && 'syscall' in error && String(error.syscall).startsWith('spawn'))
    return new EngineError('ssh', 'the program ssh is not installed', { cause: error })
  if (/^(?:ENOENT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code))
    return is('absent')
  if (code === 'EACCES' || code === 'EPERM') return is('denied')
  if (code === 'ETIMEDOUT') return is('timeout')
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_OSSL)/.test(code))
    return is('tls')
  if (/\b(?:certificate|tls|ssl)\b/i.test(error.message)) return is('tls')
  return is('lost')
}

/** The engine's name, for people. */
export function engineName({ kind }: Pick<EngineAddress, 'kind'>): string {
  return kind === 'docker' ? 'Docker' : 'Podman'
}

/** Why the engine cannot be used and what to do, as sentences. */
export function engineProblem(address: EngineAddress, error: EngineError): string {
  const name = engineName(address)
  const where = `${address.label}${address.source === '' ? '' : ` (from ${address.source})`}`
  switch (error.failure) {
    case 'absent':
      return `${name} is not running: nothing answers at ${where}. ${howToStart(address)}`
    case 'denied':
      return `This user may not use ${name}: ${where} refuses (permission denied). ${howToBeAllowed(address)}`
    case 'timeout':
      return `${name} at ${where} does not answer: ${error.message}. Look whether it hangs, or restart it.`
    case 'lost':
      return `The connection to ${name} at ${where} broke: ${error.message}. It may have been stopped or restarted.`
    case 'tls':
      return `${name} at ${where} could not be trusted, or did not trust us: ${error.message}. Check DOCKER_TLS_VERIFY, and ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH.`
    case 'ssh':
      return `${name} at ${where} cannot be reached: ${error.message}. Check that \`ssh\` gets there without a question, and that ${address.kind} is installed there.`
    case 'answer':
    case 'aborted':
      return `${name} refused: ${error.message}.`
  }
}

function howToStart({ kind, source, transport }: EngineAddress): string {
  if (source !== '' || transport.kind !== 'socket') return 'Start it there, or correct the address.'
  if (kind === 'docker')
    return 'Start Docker (Docker Desktop, or `sudo systemctl start docker`), or set DOCKER_HOST. For Podman write `engine: podman`.'
  return 'Podman answers programs at a socket that is started on its own: `systemctl --user enable --now podman.socket`, on macOS and Windows `podman machine start`. Or set CONTAINER_HOST.'
}

function howToBeAllowed({ kind, transport }: EngineAddress): string {
  if (kind === 'docker' && transport.kind === 'socket')
    return 'Add the user to the group docker (`sudo usermod -aG docker $USER`, then log in again), which makes it as powerful as root, or use rootless Docker.'
  return 'Run the gateway as the user that owns the socket: for a rootless Podman, `systemctl --user enable --now podman.socket`.'
}

/** A GatewayError about a server whose engine failed: `serverId: …`. */
export function engineFailed(
  serverId: string,
  address: EngineAddress,
  error: EngineError,
): GatewayError {
  if (error.failure === 'aborted')
    return new GatewayError('cancelled', `The start of ${serverId} was called off.`)
  return new GatewayError('server_failed', `${serverId}: ${engineProblem(address, error)}`, {
    cause: error,
  })
}
