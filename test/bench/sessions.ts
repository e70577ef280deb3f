import { Agent, type ClientRequest, get } from 'node:http'
import { type Bench, echoArguments, sleep, within } from './bench-context.ts'
import { residentMb, settledMb } from './children.ts'
import { checkResult, exchange, initializeParams } from './client.ts'
import { catalogText, type Gateway, startGateway } from './gateway-target.ts'

/** One whole client: handshake, an event stream of its own that stays open, one call. */
class Session {
  readonly #url: URL
  readonly #agent: Agent
  readonly #headers: Record<string, string>
  #stream: ClientRequest | undefined

  constructor(gateway: Gateway, agent: Agent) {
    this.#url = new URL('/servers/everything/mcp', gateway.url)
    this.#agent = agent
    this.#headers = {
      ...gateway.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
  }

  async open(): Promise<void> {
    const hello = await this.#send({ id: 1, method: 'initialize', params: initializeParams })
    this.#headers['mcp-session-id'] = String(hello.headers['mcp-session-id'])
    this.#headers['mcp-protocol-version'] = initializeParams.protocolVersion
    await this.#send({ method: 'notifications/initialized' })
    await new Promise<void>((resolve, reject) => {
      const headers = { ...this.#headers, accept: 'text/event-stream' }
      this.#stream = get(this.#url, { headers, agent: false }, (res) => {
        res.resume()
        if (res.statusCode === 200) resolve()
        else reject(new Error(`The event stream was answered with ${res.statusCode}.`))
      })
      this.#stream.on('error', reject)
    })
    await this.call()
  }

  async call(): Promise<void> {
    const params = { name: 'echo', arguments: echoArguments }
    checkResult((await this.#send({ id: 2, method: 'tools/call', params })).body)
  }

  async close(): Promise<void> {
    this.#stream?.destroy()
    await exchange(this.#url, { method: 'DELETE', headers: this.#headers, agent: this.#agent })
  }

  async #send(message: object) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    const reply = await exchange(this.#url, { headers: this.#headers, body, agent: this.#agent })
    if (reply.status >= 300)
      throw new Error(`${reply.status}: ${reply.body.toString('utf8', 0, 200)}`)
    return reply
  }
}

/** Runs `work` on all, 16 at a time; returns the errors. */
async function forAll<T>(all: T[], work: (one: T) => Promise<void>): Promise<string[]> {
  const errors: string[] = []
  const queue = all.values()
  const worker = async () => {
    for (const one of queue) {
      await work(one).catch((error: unknown) => errors.push(String(error)))
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return errors
}

/** Memory of many sessions at once, each with its stream open, and what is left when they are gone. */
export async function measureSessions(bench: Bench): Promise<void> {
  const { figures, options } = bench
  const count = options.sessions
  const gateway = await startGateway(bench, { catalog: catalogText() })
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  try {
    // What code and buffers take once must not be charged to the sessions.
    const warm = Array.from({ length: Math.min(100, count) }, () => new Session(gateway, agent))
    await within(
      120_000,
      'Warming up sessions',
      forAll(warm, (one) => one.open()),
    )
    await forAll(warm, (one) => one.close())
    const before = await settledMb(gateway.pid, 12_000)

    bench.say(`${count} sessions`)
    const sessions = Array.from({ length: count }, () => new Session(gateway, agent))
    const errors = await within(
      180_000,
      'Opening sessions',
      forAll(sessions, (one) => one.open()),
    )
    errors.push(
      ...(await within(
        60_000,
        'A call of each',
        forAll(sessions, (one) => one.call()),
      )),
    )
    const during = await settledMb(gateway.pid)
    errors.push(
      ...(await within(
        120_000,
        'Closing sessions',
        forAll(sessions, (one) => one.close()),
      )),
    )
    let after = residentMb(gateway.pid)
    const since = performance.now()
    while (after > before * 1.15 && performance.now() - since < 30_000) {
      await sleep(500)
      after = residentMb(gateway.pid)
    }
    const [first] = errors
    if (first !== undefined) bench.say(`  the first of ${errors.length} errors: ${first}`)
    figures.record('sessions: errors', 'gateway', errors.length)
    figures.record('sessions: KB each', 'gateway', ((during - before) * 1024) / count)
    figures.record('sessions: memory before, MB', 'gateway', before)
    figures.record('sessions: memory with all open, MB', 'gateway', during)
    figures.record('sessions: memory afterwards, MB', 'gateway', after)
    figures.record('sessions: seconds until then', 'gateway', (performance.now() - since) / 1000)
  } finally {
    agent.destroy()
    await gateway.stop()
  }
}
