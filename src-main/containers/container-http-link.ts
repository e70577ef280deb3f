import type { GatewayError } from '../../src-shared/errors.ts'
import { LineFramer } from '../runtimes/framing.ts'
import { LineLog, outputLimits } from '../runtimes/line-log.ts'
import type { Link, LinkClosed, LinkEvents, RequestHeaders } from '../runtimes/runtime.ts'
import { AttachedFrames } from './attached-frames.ts'
import { exitReason } from './container-exit.ts'
import type { ContainerLinkOptions } from './container-link.ts'

/**
 * A server in a container that speaks HTTP: the messages go through a remote link, and the container's end is the
 * link's. Both its outputs are its log.
 */
export class ContainerHttpLink implements Link {
  readonly hasStreams = true
  readonly pids: readonly number[] = []
  readonly #options: ContainerLinkOptions
  readonly #stderrLog: LineLog
  readonly #stdoutLog: LineLog
  #remote: Link | undefined
  #closing: Promise<void> | undefined
  #isClosed = false

  constructor(options: ContainerLinkOptions) {
    this.#options = options
    const { events, clock, container } = options
    const log = events.log.bind(events)
    const common = {
      log,
      clock,
      maxLinesPerSecond: outputLimits.linesPerSecond,
      maxLineBytes: outputLimits.stderrBytes,
    }
    this.#stderrLog = new LineLog({ ...common, source: 'stderr' })
    this.#stdoutLog = new LineLog({ ...common, source: 'stdout' })
    this.#readOutput()
    void container.exited.then(() => this.#exited())
  }

  /** What the remote link is to be launched with. */
  get remoteEvents(): LinkEvents {
    const { events } = this.#options
    return {
      message: (bytes, relatedTo) => {
        if (this.#isClosed) return
        if (relatedTo === undefined) events.message(bytes)
        else events.message(bytes, relatedTo)
      },
      failed: (id: number, error: GatewayError, reached: boolean) => {
        if (!this.#isClosed) events.failed(id, error, reached)
      },
      // A session that the server ended: the container is of no use without one, and a new one costs little.
      closed: (reason) => {
        if (this.#closing === undefined) this.#tellClosed(reason)
      },
      log: (source, text) => {
        if (!this.#isClosed) events.log(source, text)
      },
      progress: (wait) => events.progress(wait),
    }
  }

  carry(remote: Link): void {
    this.#remote = remote
  }

  send(chunks: readonly Buffer[], id?: number, headers?: RequestHeaders): boolean {
    return !this.#isClosed && this.#remote !== undefined && this.#remote.send(chunks, id, headers)
  }

  negotiated(protocolVersion: string): void {
    this.#remote?.negotiated(protocolVersion)
  }

  forget(id: number): void {
    this.#remote?.forget(id)
  }

  close(graceMs?: number): Promise<void> {
    this.#closing ??= this.#end(graceMs)
    return this.#closing
  }

  async #end(graceMs?: number): Promise<void> {
    await this.#remote?.close(graceMs)
    // It has no input whose end would tell it: SIGTERM at once.
    const isGone = await this.#options.container.end(0, graceMs)
    this.#tellClosed(await this.#reason(true))
    this.#options.ended(isGone)
  }

  async #exited(): Promise<void> {
    if (this.#closing !== undefined) return
    this.#tellClosed(await this.#reason(false))
  }

  async #reason(expected: boolean): Promise<LinkClosed> {
    const { container, about } = this.#options
    return exitReason(await container.exited, {
      ...about,
      name: container.name,
      address: container.engine.address,
      expected,
      failure: undefined,
      lastLine: this.#stderrLog.last,
    })
  }

  #tellClosed(reason: LinkClosed): void {
    if (this.#isClosed) return
    this.#stdoutLog.flush()
    this.#stderrLog.flush()
    this.#options.events.log('lifecycle', reason.message)
    this.#isClosed = true
    this.#options.events.closed(reason)
    void this.close(0)
  }

  #readOutput(): void {
    const { stream } = this.#options.container
    const framer = (log: LineLog): LineFramer =>
      new LineFramer(
        (line) => {
          if (!this.#isClosed) log.write(line)
        },
        { maxLineBytes: outputLimits.stderrLineBytes },
      )
    const stdout = framer(this.#stdoutLog)
    const stderr = framer(this.#stderrLog)
    const frames = new AttachedFrames(
      (chunk) => stdout.push(chunk),
      (chunk) => stderr.push(chunk),
    )
    stream.on('data', (chunk: Buffer) => frames.push(chunk))
    stream.on('error', () => {})
  }
}
