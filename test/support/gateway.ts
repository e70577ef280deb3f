import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { configSchema } from '../../src-shared/config.ts'
import type { Config } from '../../src-shared/config.ts'
import type { GatewayError } from '../../src-shared/errors.ts'
import type { GatewayEvent } from '../../src-shared/server-state.ts'
import { createGateway } from '../../src-main/gateway.ts'
import type { GatewayCore } from '../../src-main/gateway.ts'
import type { Channel } from '../../src-main/mcp/client-reply.ts'
import { readEnvelope } from '../../src-main/mcp/envelope.ts'
import { Secrets } from '../../src-main/secrets/secrets.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import type { Clock } from '../../src-main/servers/clock.ts'
import { SignIns } from '../../src-main/sign-in/sign-ins.ts'
import type { SignInsOptions } from '../../src-main/sign-in/sign-ins.ts'
import type { Log } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { eventually } from './eventually.ts'
import type { FakeClock } from './fake-clock.ts'
import { fixtures } from './processes.ts'

/** One JSON-RPC message, parsed. */
export interface Message {
  id?: string | number
  method?: string
  params?: Record<string, unknown>
  result?: Record<string, unknown>
  error?: { code: number; message: string }
}

/** The answer of one call; `error` of the gateway's own is in `failure` as well. */
export interface Answer extends Message {
  failure?: GatewayError
}

export interface TestGatewayOptions {
  /** Entries of the catalog; JSON is YAML. */
  servers: readonly object[]
  config?: Partial<Config>
  clock?: Clock
  env?: Record<string, string>
  /** An earlier gateway's folder, to start again in it. */
  dir?: string
  workerFile?: string
  /** Its sign-ins, tokens in a file. */
  signIns?: Partial<
    Pick<SignInsOptions, 'linkMs' | 'callWaitMs' | 'clientMetadataUrl' | 'catalogPath'>
  >
}

const scripted = path.join(fixtures, 'server-scripted.mjs')

/** A catalog entry of `test/fixtures/server-scripted.mjs`, with its command line options. */
export function scriptedServer(id: string, options: readonly string[] = [], more: object = {}) {
  return {
    id,
    runtime: { type: 'local-process', command: process.execPath, args: [scripted, ...options] },
    ...more,
  }
}

/** Waits for a promise with the clock running, 250 ms of it each time. */
export async function withTime<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isDone = false
  promise.finally(() => (isDone = true)).catch(() => {})
  await eventually(() => {
    if (!isDone) clock.advance(250)
    if (!isDone) throw new Error('Nothing has come yet.')
  })
  return promise
}

/** A folder that is removed after the test. */
async function temporaryFolder(): Promise<string> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-test-'))
  onTestFinished(() => fs.rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  return dir
}

/** A gateway on folders and a catalog of its own, with real processes; ended with the test. */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const dir = options.dir ?? (await temporaryFolder())
  const catalogPath = path.join(dir, 'catalog.yaml')
  await fs.writeFile(catalogPath, catalogText(options.servers))
  const stateDir = path.join(dir, 'state')
  const lines: string[] = []
  const line =
    (level: string): Log['info'] =>
    (fields, message) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Log = {
    trace: line('trace'),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  }
  const redactor = new Redactor()
  const signIns =
    options.signIns &&
    new SignIns({
      stateDir,
      catalogPath,
      store: new Secrets({ stateDir, keychain: undefined, file: 'sign-in-tokens' }),
      clock: options.clock ?? systemClock,
      log,
      redactor,
      clientMetadataUrl: undefined,
      ...options.signIns,
    })
  const core = await createGateway({
    // Not parsed together: a test may want fractions of a second.
    config: { ...configSchema.parse({ hot_reload: false }), ...options.config },
    catalogPath,
    stateDir,
    // As in a terminal, so that no login shell is asked.
    env: { PATH: process.env['PATH'], SHLVL: '1', TERM: 'dumb', ...options.env },
    platform: process.platform,
    log,
    redactor,
    ...(signIns ? { signIns } : {}),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.workerFile === undefined ? {} : { workerFile: options.workerFile }),
  })
  const gateway = new TestGateway(core, dir, catalogPath, lines)
  onTestFinished(() => gateway.kill())
  return gateway
}

function catalogText(servers: readonly object[]): string {
  return JSON.stringify({ servers }, undefined, 2)
}

export class TestGateway {
  readonly core: GatewayCore
  readonly dir: string
  readonly catalogPath: string
  readonly log: readonly string[]
  readonly events: GatewayEvent[] = []
  #nextId = 1

  constructor(core: GatewayCore, dir: string, catalogPath: string, log: readonly string[]) {
    this.core = core
    this.dir = dir
    this.catalogPath = catalogPath
    this.log = log
    core.onEvent((event) => this.events.push(event))
  }

  file(name: string): string {
    return path.join(this.dir, name)
  }

  async write(servers: readonly object[]): Promise<void> {
    await fs.writeFile(this.catalogPath, catalogText(servers))
  }

  /** Writes the catalog and reloads it. */
  async reload(servers: readonly object[]) {
    await this.write(servers)
    return this.core.reload()
  }

  /** One call without a session; how to cancel it comes with the promise. */
  start(
    serverId: string,
    method: string,
    params?: object,
    onNotice?: (message: Message) => void,
  ): { answer: Promise<Answer>; cancel: () => void } {
    let cancel = (): void => {}
    const answer = new Promise<Answer>((resolve, reject) => {
      const channel: Channel = {
        respond: (message, failure) =>
          resolve({ ...parse(message), ...(failure ? { failure } : {}) }),
        send: (message) => {
          onNotice?.(parse(message))
          return onNotice !== undefined
        },
        abandon: () => reject(new Error('The call was abandoned.')),
      }
      const text = JSON.stringify({ jsonrpc: '2.0', id: this.#nextId++, method, params })
      const handle = this.core.oneCall.send(
        serverId,
        'test',
        readEnvelope(Buffer.from(text)),
        channel,
      )
      cancel = () => handle?.cancel()
    })
    return { answer, cancel }
  }

  call(serverId: string, method: string, params?: object): Promise<Answer> {
    return this.start(serverId, method, params).answer
  }

  /** The text of a tool's answer, or the error's message. */
  async tool(serverId: string, name: string, args: object = {}): Promise<string> {
    return toolText(await this.call(serverId, 'tools/call', { name, arguments: args }))
  }

  /** A client's session, initialised. `answer` answers what servers ask; undefined: it never does. */
  async session(options: {
    serverId?: string
    capabilities?: object
    answer?: (request: Message) => object | undefined
  }): Promise<TestSession> {
    const session = new TestSession(this.core, options.serverId, options.answer)
    await session.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: options.capabilities ?? {},
      clientInfo: { name: 'test', version: '1' },
    })
    session.notify('notifications/initialized')
    return session
  }

  /** Ends it gracefully. */
  close(): Promise<void> {
    return this.core.shutdown()
  }

  /** Ends it at once: a test is over. */
  async kill(): Promise<void> {
    await this.core.killAll()
    await this.core.shutdown()
  }
}

/** A client that speaks through a pipe, as the shim does. */
export class TestSession {
  /** What came that is no answer. */
  readonly received: Message[] = []
  isOpen = true
  readonly #duplex: { receive(message: Buffer): void; close(): void }
  readonly #waiting = new Map<number, (message: Message) => void>()
  #nextId = 1

  constructor(
    core: GatewayCore,
    serverId: string | undefined,
    answer: ((request: Message) => object | undefined) | undefined,
  ) {
    this.#duplex = core.sessions.openDuplex({
      ...(serverId === undefined ? {} : { serverId }),
      principal: 'test',
      send: (chunks) => {
        const message = parse(chunks)
        if (message.method === undefined) {
          this.#waiting.get(Number(message.id))?.(message)
          return
        }
        this.received.push(message)
        const result = message.id === undefined ? undefined : answer?.(message)
        if (result) this.#write({ id: message.id, result })
      },
      end: () => (this.isOpen = false),
    })
  }

  request(method: string, params?: object): Promise<Message> {
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#write({ id, method, params })
    })
  }

  async tool(name: string, args: object = {}): Promise<string> {
    return toolText(await this.request('tools/call', { name, arguments: args }))
  }

  /** Answers what the server has asked. */
  answer(id: string | number | undefined, result: object): void {
    this.#write({ id, result })
  }

  notify(method: string, params?: object): void {
    this.#write({ method, params })
  }

  close(): void {
    this.#duplex.close()
  }

  #write(message: object): void {
    this.#duplex.receive(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })))
  }
}

function parse(chunks: readonly Buffer[]): Message {
  const message: Message = JSON.parse(Buffer.concat(chunks).toString())
  return message
}

/** The first text of a tool's result, or the error's message. */
export function toolText(answer: Message): string {
  const content = answer.result?.['content']
  const first: unknown = Array.isArray(content) ? content[0] : undefined
  if (typeof first === 'object' && first !== null && 'text' in first) return String(first.text)
  return answer.error?.message ?? JSON.stringify(answer.result)
}

/** What a scripted server has written into its journal. */
export interface JournalEntry {
  pid: number
  started?: true
  /** A ping that was answered. */
  answered?: string
  method?: string
  name?: string
  text?: string
  level?: string
}

/** Empty while there is no file. */
export async function readJournal(file: string): Promise<JournalEntry[]> {
  const content = await fs.readFile(file, 'utf8').catch(() => '')
  return content
    .split('\n')
    .filter(Boolean)
    .map((line): JournalEntry => JSON.parse(line))
}
