import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Call } from '../../src-main/mcp/call.ts'
import type { Caller, Reply } from '../../src-main/mcp/caller.ts'
import { outgoing } from '../../src-main/mcp/client-reply.ts'
import { isRequest, readEnvelope } from '../../src-main/mcp/envelope.ts'
import type { Envelope } from '../../src-main/mcp/envelope.ts'
import { RequestHistory } from '../../src-main/telemetry/history.ts'
import type { HistoryOptions } from '../../src-main/telemetry/history.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { Redactor } from '../../src-main/telemetry/redact.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** Writes into the folder until the disk takes no more; for a process of its own. */
export async function endlessHistory(dir: string) {
  const warnings: string[] = []
  const history = new RequestHistory({
    stateDir: dir,
    redact: (text) => text,
    log: { ...silentLog, warn: (_fields, message) => void warnings.push(message) },
    clock: new FakeClock(),
  })
  let written = 0
  history.onEntry(() => written++)
  for (let i = 0; i < 1_000 && history.enabled; i++) {
    history.record('one', finishedCall('echo', {}), answer({ text: 'x'.repeat(20_000) }), 1)
    await history.flush()
  }
  return { enabled: history.enabled, written, warnings }
}

/** A folder that is removed after the test. */
export async function stateFolder(): Promise<string> {
  const { onTestFinished } = await import('vitest')
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-history-'))
  onTestFinished(() => fs.rm(dir, { recursive: true, force: true }))
  return dir
}

/** A history on a real file, whose clock the test turns. */
export class HistoryBench {
  readonly dir: string
  readonly clock = new FakeClock()
  readonly redactor = new Redactor()
  readonly warnings: string[] = []
  readonly history: RequestHistory

  constructor(dir: string, options: Partial<HistoryOptions> = {}) {
    this.dir = dir
    this.history = new RequestHistory({
      stateDir: dir,
      redact: (text) => this.redactor.redact(text),
      log: {
        ...silentLog,
        warn: (_fields, message) => void this.warnings.push(message),
        error: (_fields, message) => void this.warnings.push(message),
      },
      clock: this.clock,
      ...options,
    })
  }

  get file(): string {
    return path.join(this.dir, 'history.sqlite')
  }

  /** One call of a tool that was answered. */
  record(
    name: string,
    args: object = {},
    result: object = { content: [] },
    client = 'tests',
  ): void {
    this.history.record('one', finishedCall(name, args, client), answer(result), 12.5)
  }

  async targets(): Promise<(string | null)[]> {
    const { entries } = await this.history.list({ limit: 500 })
    return entries.map(({ target }) => target)
  }
}

export function finishedCall(name: string, args: object, client = 'tests'): Call {
  const params = { name, arguments: args }
  const text = JSON.stringify({ jsonrpc: '2.0', id: 'its', method: 'tools/call', params })
  const request = readEnvelope(Buffer.from(text))
  if (!isRequest(request)) throw new Error('never')
  const caller: Caller = {
    key: 'key',
    era: 'legacy',
    client,
    capabilities: {},
    ask: () => ({ cancel() {} }),
  }
  const reply: Reply = {
    caller,
    get root() {
      return this
    },
    answer() {},
    fail() {},
    notify: () => false,
  }
  return new Call(outgoing(request, caller), reply, { settled() {}, lost() {} }, 0)
}

export function answer(result: object): Envelope {
  return readEnvelope(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, result })))
}
