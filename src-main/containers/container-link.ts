import type { Clock } from '../servers/clock.ts'
import { atMost } from '../runtimes/at-most.ts'
import { FloodGate } from '../runtimes/flood-gate.ts'
import { LineFramer } from '../runtimes/framing.ts'
import { outputLimits, pipeLogs } from '../runtimes/line-log.ts'
import type { Link, LinkEvents } from '../runtimes/runtime.ts'
import { StdinWriter } from '../runtimes/stdin-writer.ts'
import { StdoutMessages } from '../runtimes/stdout-messages.ts'
import { AttachedFrames } from './attached-frames.ts'
import type { Container } from './container.ts'
import { exitReason, type ExitContext } from './container-exit.ts'

/** What still comes of its output once it has ended. */
const lastWordsMs = 500
/** A container whose output has ended is given this long to end as well. */
const silentMs = 1500

export interface ContainerLinkOptions {
  container: Container
  events: LinkEvents
  clock: Clock
  about: Pick<ExitContext, 'image' | 'memory'>
  /** Nothing of it is alive. `isGone`: false if the engine did not say so. */
  ended: (isGone: boolean) => void
}

/** The pipe to a server in a container: its standard input and output, attached. */
export class ContainerLink implements Link {
  readonly hasStreams = false
  /** The engine's processes are none of ours. */
  readonly pids: readonly number[] = []
  readonly #options: ContainerLinkOptions
  readonly #writer: StdinWriter
  readonly #logs: ReturnType<typeof pipeLogs>
  readonly #gate: FloodGate
  readonly #outputEnd: Promise<void>
  #closing: Promise<void> | undefined
  #failure: string | undefined
  #hasExited = false
  #isClosed = false

  constructor(options: ContainerLinkOptions) {
    this.#options = options
    const { container, events, clock } = options
    this.#logs = pipeLogs(events.log.bind(events), clock)
    this.#writer = new StdinWriter(container.stream, (bytes) => {
      this.#fail(`It stopped reading its input: ${Math.round(bytes / 2 ** 20)} MB were waiting`)
    })
    this.#gate = new FloodGate(container.stream, clock)
    this.#outputEnd = this.#read()
    void this.#outputEnd.then(() => this.#silent())
    void container.exited.then(() => {
      this.#hasExited = true
      // Told by whoever ends it, when all is over.
      if (this.#closing === undefined) void this.#tellClosed()
    })
  }

  send(chunks: readonly Buffer[]): boolean {
    return !this.#isClosed && !this.#hasExited && this.#writer.write(chunks)
  }

  negotiated(): void {}

  forget(): void {}

  close(graceMs?: number): Promise<void> {
    this.#closing ??= this.#end(graceMs)
    return this.#closing
  }

  async #end(graceMs?: number): Promise<void> {
    // What is queued goes out before the end of the input.
    this.#writer.end()
    const isGone = await this.#options.container.end(graceMs, graceMs === 0 ? 0 : undefined)
    await this.#tellClosed()
    this.#options.ended(isGone)
  }

  #read(): Promise<void> {
    const { container, events } = this.#options
    const { stream } = container
    let junk = 0
    const messages = new StdoutMessages({
      speaker: container.name,
      message: (bytes) => {
        if (!this.#isClosed) events.message(bytes)
      },
      junk: (line) => this.#logs.stdout.write(line),
      dropped: (bytes) => this.#dropped('stdout', bytes),
      failed: (id, error) => {
        if (!this.#isClosed) events.failed(id, error, true)
      },
    })
    const stderr = new LineFramer((line) => this.#logs.stderr.write(line), {
      maxLineBytes: outputLimits.stderrLineBytes,
      onOverflow: (bytes) => this.#dropped('stderr', bytes),
    })
    const frames = new AttachedFrames(
      (chunk) => (junk += messages.push(chunk)),
      (chunk) => {
        junk += chunk.length
        stderr.push(chunk)
      },
    )
    return new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => {
        junk = 0
        frames.push(chunk)
        this.#gate.count(junk)
      })
      stream.once('end', () => {
        messages.end()
        stderr.end()
        resolve()
      })
      stream.on('error', () => {})
      stream.once('close', resolve)
    })
  }

  #dropped(source: 'stdout' | 'stderr', bytes: number): void {
    this.#log(`dropped a line of ${Math.round(bytes / 2 ** 20)} MB on ${source}: too long`)
  }

  /** Nothing comes from it any more: most often it has ended, and that is about to be told. */
  #silent(): void {
    if (this.#hasExited || this.#closing !== undefined) return
    setTimeout(() => {
      if (!this.#hasExited) this.#fail('It closed its output, or the connection to it broke')
    }, silentMs).unref()
  }

  #fail(reason: string): void {
    if (this.#isClosed || this.#closing !== undefined) return
    this.#failure = reason
    void this.close(0)
  }

  async #tellClosed(): Promise<void> {
    if (this.#isClosed) return
    await atMost(lastWordsMs, this.#outputEnd)
    if (this.#isClosed) return
    const { container, events, about } = this.#options
    // Of one that was ended, what it was ended with is no news.
    const exit = this.#hasExited
      ? await container.exited
      : { how: 'engine_lost' as const, code: null, error: '' }
    if (this.#isClosed) return
    this.#logs.stdout.flush()
    this.#logs.stderr.flush()
    this.#gate.close()
    const reason = exitReason(exit, {
      ...about,
      name: container.name,
      address: container.engine.address,
      expected: this.#closing !== undefined && this.#failure === undefined,
      failure: this.#failure,
      lastLine: this.#logs.stderr.last,
    })
    this.#log(reason.message)
    this.#isClosed = true
    this.#writer.end()
    events.closed(reason)
    // Whoever hears of it closes the link; nothing depends on that.
    void this.close(0)
  }

  #log(text: string): void {
    if (!this.#isClosed) this.#options.events.log('lifecycle', text)
  }
}
