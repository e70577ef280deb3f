import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isRecord } from '../../src-shared/json-record.ts'
import type { Log } from '../telemetry/log.ts'
import type { Era } from './caller.ts'
import { isListMethod } from './listing.ts'
import type { Listing } from './listing.ts'
import { parseSpan } from './json-spans.ts'

/** What the gateway has learnt of a server, kept under the fingerprint of its resolved definition. */
export interface Knowledge {
  /** Requests that it was seen to make of clients (isolation: auto). */
  asked: Set<string>
  /** The era that the server was last found to speak, and when (wall clock, ms); undefined: not known. */
  era: { era: Era; at: number } | undefined
  /** By the signature of what was declared to it: a server may show other tools to other clients. */
  listings: Map<string, Listing>
}

const version = 1
/** More signatures than this are not kept for one server. */
const maxListings = 8

function readListing(value: unknown): Listing | undefined {
  if (!isRecord(value) || !isRecord(value['lists'])) return undefined
  const { era, protocolVersion, greeting, discover } = value
  if (typeof protocolVersion !== 'string' || typeof greeting !== 'string') return undefined
  const result = Buffer.from(greeting)
  const parsed = parseSpan(result, { start: 0, end: result.length })
  const capabilities =
    isRecord(parsed) && isRecord(parsed['capabilities']) ? parsed['capabilities'] : {}
  const listing: Listing = {
    greeting: {
      era: era === 'modern' ? 'modern' : 'legacy',
      protocolVersion,
      result,
      discover: typeof discover === 'string' ? Buffer.from(discover) : undefined,
      capabilities,
    },
    lists: {},
    lacks: new Set(),
  }
  if (Array.isArray(value['lacks']))
    for (const method of value['lacks'])
      if (typeof method === 'string' && isListMethod(method)) listing.lacks.add(method)
  for (const [method, text] of Object.entries(value['lists']))
    if (isListMethod(method) && typeof text === 'string') listing.lists[method] = Buffer.from(text)
  return listing
}

/** What no server has asked for in this time belongs to a definition that is gone. */
const keptMs = 90 * 24 * 3_600_000

/** The cache on disk (product 3): answers of stopped servers. A file that cannot be read is as good as none. */
export class ListingStore {
  readonly #folder: string
  readonly #log: Log
  /** One write at a time a file; the last state wins. */
  readonly #writes = new Map<string, Promise<void>>()

  constructor(stateDir: string, log: Log) {
    this.#folder = path.join(stateDir, 'cache', 'servers')
    this.#log = log
  }

  #file(fingerprint: string): string {
    return path.join(
      this.#folder,
      `${createHash('sha256').update(fingerprint).digest('hex').slice(0, 40)}.json`,
    )
  }

  async load(fingerprint: string): Promise<Knowledge> {
    const knowledge: Knowledge = { asked: new Set(), era: undefined, listings: new Map() }
    const file = this.#file(fingerprint)
    try {
      const stored: unknown = JSON.parse(await readFile(file, 'utf8'))
      // In use: see prune.
      const now = new Date()
      await utimes(file, now, now).catch(() => {})
      if (!isRecord(stored) || stored['version'] !== version) return knowledge
      const { asked, listings, era } = stored
      if (isRecord(era) && typeof era['at'] === 'number')
        knowledge.era = { era: era['era'] === 'modern' ? 'modern' : 'legacy', at: era['at'] }
      if (Array.isArray(asked))
        for (const method of asked) if (typeof method === 'string') knowledge.asked.add(method)
      if (!isRecord(listings)) return knowledge
      for (const [signature, value] of Object.entries(listings)) {
        const listing = readListing(value)
        if (listing) knowledge.listings.set(signature, listing)
      }
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing)
        this.#log.warn({ file, error: String(error) }, 'Ignored a cache file that cannot be read.')
    }
    return knowledge
  }

  /** Removes what no server has asked for in a long time. Never rejects; meant to be run beside the start. */
  async prune(wallMs: number): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) {
      const file = path.join(this.#folder, name)
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: wallMs }))
      if (wallMs - mtimeMs > keptMs) await rm(file, { force: true }).catch(() => {})
    }
  }

  /** Writes in the background; a failure is logged, since a cache may be lost. */
  save(fingerprint: string, knowledge: Knowledge): Promise<void> {
    const file = this.#file(fingerprint)
    const write = (this.#writes.get(file) ?? Promise.resolve()).then(async () => {
      const listings = [...knowledge.listings]
        .slice(-maxListings)
        .map(([signature, { greeting, lists, lacks }]) => [
          signature,
          {
            era: greeting.era,
            protocolVersion: greeting.protocolVersion,
            greeting: greeting.result.toString(),
            lacks: [...lacks],
            discover: greeting.discover?.toString(),
            lists: Object.fromEntries(
              Object.entries(lists).map(([method, result]) => [method, result.toString()]),
            ),
          },
        ])
      const text = JSON.stringify({
        version,
        asked: [...knowledge.asked],
        era: knowledge.era,
        listings: Object.fromEntries(listings) as object,
      })
      const temporary = `${file}.${process.pid}.tmp`
      try {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 })
        await writeFile(temporary, text, { mode: 0o600 })
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        this.#log.warn(
          { file, error: String(error) },
          'The cache of a server could not be written.',
        )
      }
    })
    this.#writes.set(file, write)
    return write.finally(() => {
      if (this.#writes.get(file) === write) this.#writes.delete(file)
    })
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes.values())
  }
}
