import type { Host } from '../host/host.ts'

/** npm and `timeout` pass on a signal that the terminal or they themselves have sent to us as well. */
const sameSignalMs = 500

/** All ways out of the gateway: a signal, a second one, quiet, a bug. */
export class GatewayExit {
  readonly #host: Host
  #stoppingSince: number | undefined
  #isKilling = false

  constructor(host: Host) {
    this.#host = host
  }

  install(): void {
    const { stdin } = process
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => this.#stopOrKill(signal))
    process.on('SIGHUP', () => {
      // The terminal that it was typed into has been closed.
      if (stdin.isTTY) this.#stopOrKill('SIGHUP')
      else void this.#host.reload()
    })
    process.on('uncaughtException', (error, origin) => this.#crash(error, origin))
    process.on('unhandledRejection', (reason) => this.#crash(reason, 'unhandledRejection'))
  }

  /** Lets what is in flight finish, ends every server, and ends the process with code 0. */
  shutdown(why: string): void {
    if (this.#stoppingSince !== undefined) return
    this.#stoppingSince = performance.now()
    this.#host.log.info({}, `Stopping: ${why}.`)
    this.#host.close().then(
      () => process.exit(0),
      (error: unknown) => {
        this.#host.log.error({ error }, 'Not everything stopped in time; what was left was killed.')
        process.exit(1)
      },
    )
  }

  #stopOrKill(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    if (this.#stoppingSince === undefined) return this.shutdown(`${signal} was received`)
    if (performance.now() - this.#stoppingSince < sameSignalMs) return
    this.#host.log.warn({}, `A second signal (${signal}): what is in flight is given up.`)
    this.#killNow()
  }

  #crash(error: unknown, origin: string): void {
    try {
      this.#host.log.error(
        { error, origin },
        'The gateway has a bug and stops; its servers are killed.',
      )
    } finally {
      this.#killNow()
    }
  }

  #killNow(): void {
    const leave = (): never => process.exit(1)
    if (this.#isKilling) leave()
    this.#isKilling = true
    this.#host.kill().then(leave, leave)
  }
}
