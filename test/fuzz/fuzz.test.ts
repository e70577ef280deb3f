/**
 * Generated messages and requests on every entry. FUZZ_COUNT: messages in all (default: some thousands), FUZZ_SEED:
 * the seed that an earlier run has printed, FUZZ_ENTRY: one entry alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent, exchange, heapBytes, openArena } from './arena.ts'
import type { Arena } from './arena.ts'
import { entries } from './entries.ts'
import { Random } from './random.ts'

const total = Number(process.env['FUZZ_COUNT'] ?? 30_000)
const seed = process.env['FUZZ_SEED'] ?? String(Date.now() % 1_000_000)
const only = process.env['FUZZ_ENTRY']
/** Cases at once on one entry. */
const width = 32
const maxGrowthBytes = 96 * 1024 * 1024

/** Shares of all messages. */
const shares: Record<string, number> = {
  post: 0.185,
  session: 0.15,
  streams: 0.04,
  oneCall: 0.1,
  rest: 0.055,
  raw: 0.06,
  shim: 0.24,
  serverSide: 0.15,
  remote: 0.02,
}

let arena: Arena
let before = 0
const crashes: string[] = []
const crashed = (error: unknown): void =>
  void crashes.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
let clients = 0

/** One case; its seed is in the error. */
async function runCase(name: string, caseSeed: string): Promise<number> {
  const entry = entries[name]
  if (!entry) throw new Error(`There is no entry ${name}.`)
  try {
    return await entry(arena, new Random(caseSeed), `T-${++clients}`)
  } catch (error) {
    throw new Error(`${name} with the seed '${caseSeed}' failed.`, { cause: error })
  }
}

async function run(name: string, count: number): Promise<number> {
  let messages = 0
  let n = 0
  const worker = async (): Promise<void> => {
    while (messages < count) {
      // Not `+=` on an await: that would take the sum from before it.
      const done = await runCase(name, `${seed}:${name}:${n++}`)
      messages += done
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return messages
}

beforeAll(async () => {
  console.log(`FUZZ_SEED=${seed}`)
  process.on('uncaughtException', crashed)
  process.on('unhandledRejection', crashed)
  arena = await openArena(seed)
  // Warm: what is loaded once is no growth.
  for (const name of Object.keys(entries)) await runCase(name, `warm:${name}`)
  before = heapBytes()
})
afterAll(async () => {
  process.off('uncaughtException', crashed)
  process.off('unhandledRejection', crashed)
  agent.destroy()
  await arena.close()
})

const names = Object.keys(entries).filter((name) => only === undefined || name === only)

describe('generated messages end, harm nobody and reach nobody else', () => {
  it.each(names)(
    'on the entry %s',
    async (name) => {
      const start = performance.now()
      const messages = await run(name, total * (shares[name] ?? 0))
      console.log(`${name}: ${messages} messages in ${Math.round(performance.now() - start)} ms`)
      expect(crashes).toEqual([])
      expect(arena.errors).toEqual([])
    },
    Math.max(60_000, total * 10),
  )

  it('and leave neither memory nor calls behind', async () => {
    // Sessions whose client did not say goodbye are kept; they are few.
    const growth = heapBytes() - before
    console.log(`growth: ${Math.round(growth / 1024 / 1024)} MiB`)
    expect(growth).toBeLessThan(maxGrowthBytes)
    const { status } = await exchange(
      arena.port,
      { method: 'GET', path: '/stats', headers: {} },
      undefined,
    )
    expect(status).toBe(200)
    expect(crashes).toEqual([])
  })
})
