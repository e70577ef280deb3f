import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type {
  ActivityDetail,
  ActivityEntry,
  ActivityOutcome,
  ParsedInput,
} from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { openHistoryDatabase, removeHistory } from './history-database.ts'
import { pastRequest, replayReason } from './history-replay.ts'
import type { PastRequest } from './history-replay.ts'
import { historyRow } from './history-row.ts'
import type { FinishedCall, HistoryRow } from './history-row.ts'

/** What the file holds at most. */
export interface HistoryLimits {
  rows: number
  /** Of texts; the file is somewhat larger. */
  bytes: number
}

/** What a row costs beside its bodies. */
const rowBytes = 200
/** Removed beyond what is over, so that not each batch has to remove something. */
const spare = 0.02
/** Removed at once; freeing what a long text takes means reading it. */
const maxRemovedRows = 200
const maxRemovedBytes = 2 * 1024 * 1024

type Columns = Record<string, SQLOutputValue>

/** The history's file. All of it is synchronous, and what can be long is done in slices. */
export class HistoryStore {
  readonly #file: string
  readonly #limits: HistoryLimits
  readonly #redact: (text: string) => string
  #database: DatabaseSync
  #insertEntry: StatementSync
  #insertBodies: StatementSync
  #rows = 0
  #bytes = 0

  /** Throws as `openHistoryDatabase` does. */
  constructor(file: string, limits: HistoryLimits, redact: (text: string) => string) {
    this.#file = file
    this.#limits = limits
    this.#redact = redact
    this.#database = openHistoryDatabase(file)
    ;[this.#insertEntry, this.#insertBodies] = this.#prepare()
  }

  #prepare(): [StatementSync, StatementSync] {
    const sum = this.#database
      .prepare('SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM entries')
      .get()
    this.#rows = Number(sum?.['rows'])
    this.#bytes = Number(sum?.['bytes'])
    return [
      this.#database.prepare(
        `INSERT INTO entries (time, client, server_id, method, target, duration_ms, outcome, error, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      this.#database.prepare(
        'INSERT INTO bodies (id, request, response, is_masked) VALUES (?, ?, ?, ?)',
      ),
    ]
  }

  /** Writes calls, from this one on, for about `sliceMs`; at least one. Returns their entries. */
  write(calls: readonly FinishedCall[], from: number, sliceMs: number): ActivityEntry[] {
    const until = performance.now() + sliceMs
    const entries: ActivityEntry[] = []
    this.#transaction(() => {
      for (let i = from; i < calls.length; i++) {
        const call = calls[i]
        if (!call || (i > from && performance.now() > until)) break
        entries.push(this.#add(historyRow(call, this.#redact)))
      }
    })
    return entries
  }

  #add(row: HistoryRow): ActivityEntry {
    const bytes =
      rowBytes + Buffer.byteLength(row.request ?? '') + Buffer.byteLength(row.response ?? '')
    const { lastInsertRowid } = this.#insertEntry.run(
      row.time,
      row.client,
      row.serverId,
      row.method,
      row.target,
      row.durationMs,
      row.outcome,
      row.error,
      bytes,
    )
    if (row.request !== null || row.response !== null)
      this.#insertBodies.run(lastInsertRowid, row.request, row.response, row.isMasked ? 1 : 0)
    this.#rows++
    this.#bytes += bytes
    return {
      id: Number(lastInsertRowid),
      time: new Date(row.time).toISOString(),
      client: row.client,
      server_id: row.serverId,
      method: row.method,
      target: row.target,
      duration_ms: row.durationMs,
      outcome: row.outcome,
      error: row.error,
    }
  }

  /** Removes some of the oldest, if there is more than there may be. True if more has to be removed. */
  prune(): boolean {
    const { rows, bytes } = this.#limits
    if (this.#rows <= rows && this.#bytes <= bytes) return false
    const [maxRows, maxBytes] = [rows * (1 - spare), bytes * (1 - spare)]
    const oldest = this.#database
      .prepare('SELECT id, bytes FROM entries ORDER BY id LIMIT ?')
      .all(maxRemovedRows)
    let [removedRows, removedBytes, last] = [0, 0, 0]
    const isEnough = (): boolean =>
      this.#rows - removedRows <= maxRows && this.#bytes - removedBytes <= maxBytes
    for (const { id, bytes: its } of oldest) {
      if (isEnough() || removedBytes > maxRemovedBytes) break
      removedRows++
      removedBytes += Number(its)
      last = Number(id)
    }
    this.#transaction(() => {
      this.#database.prepare('DELETE FROM bodies WHERE id <= ?').run(last)
      this.#database.prepare('DELETE FROM entries WHERE id <= ?').run(last)
    })
    this.#rows -= removedRows
    this.#bytes -= removedBytes
    return !isEnough()
  }

  /** Newest first, and whether there are older ones. */
  list(filter: ParsedInput<'activity.list'>): { entries: ActivityEntry[]; more: boolean } {
    const { before, limit, server_id, client, outcome, text } = filter
    const conditions: string[] = []
    const values: SQLInputValue[] = []
    const where = (condition: string, ...its: SQLInputValue[]): void => {
      conditions.push(condition)
      values.push(...its)
    }
    if (before !== undefined) where('id < ?', before)
    if (server_id !== undefined) where('server_id = ?', server_id)
    if (client !== undefined) where('client = ?', client)
    if (outcome !== undefined) where('outcome = ?', outcome)
    if (text !== undefined && text !== '') {
      const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
      const like = (column: string): string => String.raw`${column} LIKE ? ESCAPE '\'`
      where(`(${['method', 'target', 'error'].map(like).join(' OR ')})`, pattern, pattern, pattern)
    }
    const condition = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
    const found = this.#database
      .prepare(`SELECT * FROM entries ${condition} ORDER BY id DESC LIMIT ?`)
      .all(...values, limit + 1)
    return { entries: found.slice(0, limit).map(entryOf), more: found.length > limit }
  }

  /** Throws GatewayError `not_found`. */
  get(id: number): ActivityDetail {
    const { entry, request, response, reason } = this.#kept(id)
    return {
      ...entry,
      request,
      response,
      is_replayable: reason === null,
      replay_reason: reason,
    }
  }

  /** Throws GatewayError `not_found`, or `conflict` where it cannot be sent again. */
  pastRequest(id: number): PastRequest {
    const { entry, request, reason } = this.#kept(id)
    if (request !== null && reason === null) return pastRequest(entry.server_id, request)
    throw new GatewayError('conflict', `This request cannot be sent again. ${reason ?? ''}`)
  }

  #kept(id: number) {
    const row = this.#database
      .prepare('SELECT * FROM entries LEFT JOIN bodies USING (id) WHERE id = ?')
      .get(id)
    if (!row)
      throw new GatewayError(
        'not_found',
        `The request ${id} is not in the history any more: it was cleared, or made room for newer ones.`,
      )
    const entry = entryOf(row)
    const request = text(row['request'])
    const isMasked = row['is_masked'] === 1
    const reason = replayReason({ method: entry.method, text: request, isMasked })
    return { entry, request, response: text(row['response']), reason }
  }

  /** Begins anew, with ids that were not given yet. Throws as `openHistoryDatabase` does. */
  clear(): void {
    const last = this.#database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'entries'")
    const seq = last.get()?.['seq']
    this.close()
    removeHistory(this.#file)
    this.#database = openHistoryDatabase(this.#file)
    if (seq !== undefined)
      this.#database
        .prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)")
        .run(seq)
    ;[this.#insertEntry, this.#insertBodies] = this.#prepare()
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #transaction(work: () => void): void {
    const [rows, bytes] = [this.#rows, this.#bytes]
    this.#database.exec('BEGIN')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rows = rows
      this.#bytes = bytes
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

function entryOf(row: Columns): ActivityEntry {
  return {
    id: Number(row['id']),
    time: new Date(Number(row['time'])).toISOString(),
    client: text(row['client']) ?? '',
    server_id: text(row['server_id']) ?? '',
    method: text(row['method']) ?? '',
    target: text(row['target']),
    duration_ms: Number(row['duration_ms']),
    outcome: outcomeOf(row['outcome']),
    error: text(row['error']),
  }
}

function text(value: SQLOutputValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function outcomeOf(value: SQLOutputValue | undefined): ActivityOutcome {
  return value === 'error' || value === 'cancelled' ? value : 'ok'
}
