import type http from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { EngineAddress } from './engine-address.ts'
import { connectToEngine } from './engine-connection.ts'
import { EngineError, unreachable } from './engine-failure.ts'

export interface EngineRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Below the version: `/containers/json`. */
  path: string
  query?: Readonly<Record<string, string>>
  body?: unknown
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
  /** Until the answer begins; default 30 s. 0: for as long as it takes. */
  timeoutMs?: number
}

interface EngineAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Readable
}

const defaultTimeoutMs = 30_000
/** The newest version of the API that this was written for; older engines get theirs. */
const knownVersion = [1, 44] as const
const maxAnswerBytes = 16 * 1024 * 1024

/**
 * HTTP to one container engine, a connection a request. All reject with EngineError; an answer of 400 and more is one,
 * too.
 */
export class EngineClient {
  readonly address: EngineAddress
  /** `/v1.41`; asked of the engine before the first request. */
  #version: Promise<string> | undefined

  constructor(address: EngineAddress) {
    this.address = address
  }

  /** What the engine answers, parsed; undefined for an empty body. */
  async json(request: EngineRequest): Promise<unknown> {
    const { body, status } = await this.stream(request)
    const text = (await readAll(body, this.address)).toString('utf8')
    try {
      return text.trim() === '' ? undefined : JSON.parse(text)
    } catch (cause) {
      throw new EngineError('answer', 'it answered with something that is not JSON', {
        status,
        cause,
      })
    }
  }

  async stream(request: EngineRequest): Promise<EngineAnswer> {
    return this.#send({ ...request, path: `${await this.#prefix()}${request.path}` })
  }

  /** A connection that from here on is the container's. */
  async upgrade(request: EngineRequest): Promise<Duplex> {
    const path = `${await this.#prefix()}${request.path}`
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
    const headers = { connection: 'Upgrade', upgrade: 'tcp' }
    const outgoing = this.#open({ ...request, path, headers }, reject)
    outgoing.once('upgrade', (_answer, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    outgoing.once('response', (answer) => {
      void this.#refused(answer).then(reject, reject)
    })
    outgoing.end()
    return promise
  }

  /** The engine may have been replaced by another one: it is asked again. */
  forget(): void {
    this.#version = undefined
  }

  #prefix(): Promise<string> {
    this.#version ??= this.#negotiate().catch((error: unknown) => {
      this.#version = undefined
      throw error
    })
    return this.#version
  }

  async #negotiate(): Promise<string> {
    const { headers, body } = await this.#send({ method: 'GET', path: '/_ping', timeoutMs: 15_000 })
    body.resume()
    const told = headers['api-version']
    const [major, minor] = (typeof told === 'string' ? told : '1.40').split('.').map(Number)
    const isOlder = major === knownVersion[0] && minor !== undefined && minor < knownVersion[1]
    return `/v${isOlder ? `${major}.${minor}` : knownVersion.join('.')}`
  }

  async #send(request: EngineRequest): Promise<EngineAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const outgoing = this.#open(request, reject)
    outgoing.once('response', resolve)
    outgoing.end(request.body === undefined ? undefined : JSON.stringify(request.body))
    const answer = await promise
    const status = answer.statusCode ?? 0
    if (status >= 400) throw await this.#refused(answer)
    return { status, headers: answer.headers, body: answer }
  }

  #open(
    { method, path, query, body, headers, signal, timeoutMs = defaultTimeoutMs }: EngineRequest,
    reject: (error: Error) => void,
  ): http.ClientRequest {
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`
    // Asked of the process and not imported: an ESM import of node:http loads fetch's whole machinery as well.
    const outgoing = process.getBuiltinModule('node:http').request({
      method,
      path: `${path}${search}`,
      // Without an agent, which would open connections its own way.
      createConnection: () => connectToEngine(this.address),
      headers: {
        host: 'engine',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(signal && { signal }),
    })
    const timer =
      timeoutMs === 0
        ? undefined
        : setTimeout(() => {
            outgoing.destroy(
              new EngineError('timeout', `it did not answer within ${timeoutMs / 1000} s`),
            )
          }, timeoutMs)
    const settled = (): void => clearTimeout(timer)
    outgoing.once('response', settled)
    outgoing.once('upgrade', settled)
    outgoing.once('close', settled)
    outgoing.on('error', (error) => reject(unreachable(error)))
    return outgoing
  }

  async #refused(answer: http.IncomingMessage): Promise<EngineError> {
    const status = answer.statusCode ?? 0
    const text = (await readAll(answer, this.address)).toString('utf8')
    return new EngineError('answer', messageIn(text) ?? `it answered ${status}`, { status })
  }
}

function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) {
      // Podman's cause is in a member of its own, and the message has it as well.
      if ('message' in value && typeof value.message === 'string') return value.message.trim()
    }
  } catch {
    // Not JSON: what a proxy before the engine says, for instance.
  }
  return text.trim() === '' ? undefined : text.trim().slice(0, 500)
}

async function readAll(body: Readable, address: EngineAddress): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) continue
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > maxAnswerBytes)
        throw new EngineError('answer', `${address.label} answered with more than 16 MB`)
    }
  } catch (error) {
    throw unreachable(error)
  }
  return Buffer.concat(chunks)
}
