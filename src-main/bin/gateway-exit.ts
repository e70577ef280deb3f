import type { Log } from '../telemetry/log.ts'

interface GatewayExitOptions {
  log: Log
  /** How long what is in flight may take. */
  drainMs: number
}

/** Past the drain: servers get two seconds after each of end of input and SIGTERM, then SIGKILL. */
const stopLimitMs = 8_000

/** All ways out of the gateway: a signal, a second one, quiet, a bug. */
export class GatewayExit {
  readonly #log: Log
  readonly #drainMs: number
  #drain: () => void = () => {}
  #kill: () => void = () => {}
  #reload: () => Promise<unknown> = () => Promise.resolve()
  #last: () => void = () => {}
  readonly #shutdown: (() => Promise<unknown>)[] = []
  readonly #close: (() => Promise<unknown>)[] = []
  #isStopping = false

  constructor({ log, drainMs }: GatewayExitOptions) {
    this.#log = log
    this.#drainMs = drainMs
  }

  /** First of all: nothing new comes in. */
  onDrain(fn: () => void): void {
    this.#drain = fn
  }

  /** Together, at most the drain time and what servers take to end. */
  onShutdown(fn: () => Promise<unknown>): void {
    this.#shutdown.push(fn)
  }

  /** Then. */
  onClose(fn: () => Promise<unknown>): void {
    this.#close.push(fn)
  }

  /** At once, whatever is in flight; synchronous. */
  onKill(fn: () => void): void {
    this.#kill = fn
  }

  /** On every way out, at the very end; synchronous. */
  onLast(fn: () => void): void {
    this.#last = fn
  }

  onReload(fn: () => Promise<unknown>): void {
    this.#reload = fn
  }

  install(): void {
    const { stdin } = process
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => this.#stopOrKill(signal))
    process.on('SIGHUP', () => {
      // The terminal that it was typed into has been closed.
      if (stdin.isTTY) this.#stopOrKill('SIGHUP')
      else this.#reload().catch(() => {}) // the gateway has logged why
    })
    process.on('uncaughtException', (error, origin) => this.#crash(error, origin))
    process.on('unhandledRejection', (reason) => this.#crash(reason, 'unhandledRejection'))
  }

  /** Lets what is in flight finish, ends every server, and ends the process with code 0. */
  shutdown(why: string): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#log.info({}, `Stopping: ${why}.`)
    const limit = setTimeout(() => {
      this.#log.error({}, 'Stopping took too long; what is left is killed.')
      this.#killNow(1)
    }, this.#drainMs + stopLimitMs)
    this.#stop().then(
      () => {
        clearTimeout(limit)
        this.#last()
        process.exit(0)
      },
      (error: unknown) => this.#crash(error, 'shutdown'),
    )
  }

  /** Undoes a start that failed. */
  async abandon(): Promise<void> {
    this.#isStopping = true
    await this.#stop().catch(() => this.#kill())
    this.#last()
  }

  async #stop(): Promise<void> {
    this.#drain()
    await Promise.all(this.#shutdown.map((fn) => fn()))
    await Promise.all(this.#close.map((fn) => fn()))
  }

  #stopOrKill(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    if (!this.#isStopping) return this.shutdown(`${signal} was received`)
    this.#log.warn({}, `A second signal (${signal}): what is in flight is given up.`)
    this.#killNow(1)
  }

  #crash(error: unknown, origin: string): void {
    try {
      this.#log.error({ error, origin }, 'The gateway has a bug and stops; its servers are killed.')
    } finally {
      this.#killNow(1)
    }
  }

  #killNow(code: number): void {
    try {
      this.#kill()
      this.#last()
    } finally {
      process.exit(code)
    }
  }
}
