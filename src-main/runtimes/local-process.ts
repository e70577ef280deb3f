import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { GatewayError } from '../../src-shared/errors.ts'
import { systemClock, type Clock } from '../servers/clock.ts'
import { atMost } from './at-most.ts'
import { FloodGate } from './flood-gate.ts'
import { LineFramer } from './framing.ts'
import { outputLimits, pipeLogs } from './line-log.ts'
import { planSpawn, spawnChild } from './local-spawn.ts'
import type { LoginEnvironment } from './login-environment.ts'
import type { ProcessTree, ProcessTrees } from './process-tree.ts'
import type { Launch, Link, LinkClosed, LinkEvents } from './runtime.ts'
import { StdinWriter } from './stdin-writer.ts'
import { StdoutMessages } from './stdout-messages.ts'

/** After the root has exited, its stdout may be held open by a grandchild: what still comes within this counts. */
const lastWordsMs = 500
/** A server whose stdout or stdin broke is given this long to exit, so that its exit can be told as the reason. */
const brokenPipeMs = 500

export interface LocalProcessOptions {
  environment: LoginEnvironment
  trees: ProcessTrees
  clock?: Clock
}

/** Launches `local-process` servers: a child that speaks JSON-RPC, one message a line, on stdin and stdout. */
export function createLocalProcessLaunch(options: LocalProcessOptions): Launch {
  return async (definition, events, signal) => {
    const clock = options.clock ?? systemClock
    throwIfAborted(definition.serverId, signal)
    const { instanceId, env: marker } = options.trees.mark()
    const plan = await planSpawn(definition, options.environment, marker)
    throwIfAborted(definition.serverId, signal)
    const child = await spawnChild(definition.serverId, plan)
    const tree = options.trees.adopt(child, instanceId, definition.serverId)
    return new LocalProcessLink(plan.command, child, tree, events, clock)
  }
}

function throwIfAborted(serverId: string, signal: AbortSignal): void {
  if (signal.aborted) {
    throw new GatewayError('cancelled', `The start of ${serverId} was called off.`)
  }
}

/** The pipe to one child. Its end comes from four sides (asked for, exit, broken pipe, stuck) and is told once. */
class LocalProcessLink implements Link {
  readonly #command: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #tree: ProcessTree
  readonly #events: LinkEvents
  readonly #writer: StdinWriter
  readonly #logs: ReturnType<typeof pipeLogs>
  readonly #gates: FloodGate[] = []
  /** Resolves when both output streams have been read to their end. */
  readonly #outputEnd: Promise<unknown>
  #closing: Promise<void> | undefined
  /** Why the gateway ended it, where it was the gateway. */
  #failure: string | undefined
  #isClosed = false

  constructor(
    command: string,
    child: ChildProcessWithoutNullStreams,
    tree: ProcessTree,
    events: LinkEvents,
    clock: Clock,
  ) {
    this.#command = command
    this.#child = child
    this.#tree = tree
    this.#events = events
    this.#logs = pipeLogs(events.log.bind(events), clock)
    this.#writer = new StdinWriter(child.stdin, (bytes) => {
      this.#fail(
        `It stopped reading its input: ${Math.round(bytes / 2 ** 20)} MB were waiting for it`,
        0,
      )
    })
    this.#outputEnd = Promise.all([this.#readStdout(clock), this.#readStderr(clock)])
    this.#watchPipes()
    if (child.exitCode !== null || child.signalCode !== null) this.#onExit()
    else child.once('exit', () => this.#onExit())
    events.log('lifecycle', `started \`${command}\` (pid ${tree.rootPid})`)
  }

  readonly hasStreams = false

  get pids(): readonly number[] {
    return this.#tree.pids
  }

  send(chunks: readonly Buffer[]): boolean {
    const { exitCode, signalCode } = this.#child
    // Its last words may still be on their way when nobody is there to read any more.
    const hasExited = exitCode !== null || signalCode !== null
    return !this.#isClosed && !hasExited && this.#writer.write(chunks)
  }

  negotiated(): void {}

  forget(): void {}

  close(graceMs?: number): Promise<void> {
    this.#closing ??= this.#endTree(graceMs)
    return this.#closing
  }

  async #endTree(graceMs?: number): Promise<void> {
    this.#writer.end()
    await this.#tree.end(graceMs)
    await this.#tellClosed()
  }

  #readStdout(clock: Clock): Promise<void> {
    const { stdout } = this.#child
    const gate = this.#addGate(stdout, clock)
    const messages = new StdoutMessages({
      speaker: `\`${this.#command}\``,
      message: (bytes) => {
        if (!this.#isClosed) this.#events.message(bytes)
      },
      junk: (line) => this.#logs.stdout.write(line),
      dropped: (bytes) => this.#reportOverflow('stdout', bytes),
      failed: (id, error) => {
        if (!this.#isClosed) this.#events.failed(id, error, true)
      },
    })
    return readToEnd(stdout, messages, (chunk) => gate.count(messages.push(chunk)))
  }

  #readStderr(clock: Clock): Promise<void> {
    const { stderr } = this.#child
    const gate = this.#addGate(stderr, clock)
    const framer = new LineFramer((line) => this.#logs.stderr.write(line), {
      maxLineBytes: outputLimits.stderrLineBytes,
      onOverflow: (bytes) => this.#reportOverflow('stderr', bytes),
    })
    return readToEnd(stderr, framer, (chunk) => {
      framer.push(chunk)
      gate.count(chunk.length)
    })
  }

  #addGate(stream: ChildProcessWithoutNullStreams['stdout'], clock: Clock): FloodGate {
    const gate = new FloodGate(stream, clock)
    this.#gates.push(gate)
    return gate
  }

  #reportOverflow(source: 'stdout' | 'stderr', bytes: number): void {
    this.#log(`dropped a line of ${Math.round(bytes / 2 ** 20)} MB on ${source}: too long`)
  }

  #watchPipes(): void {
    const { stdin, stdout, stderr } = this.#child
    // EPIPE: most often the process is about to exit, and that says more.
    stdin.on('error', () => this.#fail('It closed its input', brokenPipeMs))
    stdout.on('error', () => {})
    stderr.on('error', () => {})
    stdout.once('end', () => {
      this.#fail('It closed its output', brokenPipeMs)
    })
    // A signal that could not be sent, for instance; whatever it is, the exit tells the rest.
    this.#child.on('error', (error) => this.#log(error.message))
  }

  /** The server is of no use any more: it gets `afterMs` to exit by itself, then its tree is ended. */
  #fail(reason: string, afterMs: number): void {
    const end = () => {
      if (this.#isClosed || this.#closing !== undefined || this.#failure !== undefined) return
      this.#failure = reason
      this.#writer.end()
      void this.#tree.end(0)
      void this.#tellClosed()
    }
    if (afterMs === 0) end()
    else setTimeout(end, afterMs).unref()
  }

  #onExit(): void {
    // A wrapper that died leaves the real server behind, which nobody could reach any more.
    if (this.#closing === undefined) void this.#tree.end(0)
    void this.#tellClosed()
  }

  /** Reads what has been written to the end (within limits), then says that it is over. */
  async #tellClosed(): Promise<void> {
    if (this.#isClosed) return
    await atMost(lastWordsMs, this.#outputEnd)
    if (this.#isClosed) return
    this.#logs.stdout.flush()
    this.#logs.stderr.flush()
    for (const gate of this.#gates) gate.close()
    const reason = this.#reason()
    this.#log(reason.message)
    this.#isClosed = true
    this.#writer.end()
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    this.#events.closed(reason)
  }

  #reason(): LinkClosed {
    const { exitCode, signalCode } = this.#child
    const expected = this.#closing !== undefined
    const ending =
      signalCode !== null
        ? `was ended by ${signalCode}`
        : exitCode !== null
          ? `exited with code ${exitCode}`
          : 'is being ended'
    const lastLine = this.#logs.stderr.last.trim().slice(0, 300)
    const lastWords = expected || lastLine === '' ? '' : ` Its last line on stderr: ${lastLine}`
    const why = this.#failure !== undefined && exitCode === null ? ` ${this.#failure}.` : ''
    return {
      message: `The process \`${this.#command}\` ${ending}.${why}${lastWords}`,
      exitCode,
      signal: signalCode,
      expected,
    }
  }

  #log(text: string): void {
    if (!this.#isClosed) this.#events.log('lifecycle', text)
  }
}

/** Reads a stream in flowing mode; resolves at its end, or when it is destroyed. */
function readToEnd(
  stream: ChildProcessWithoutNullStreams['stdout'],
  reader: { end(): void },
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', onChunk)
    stream.once('end', () => reader.end())
    stream.once('close', resolve)
  })
}
