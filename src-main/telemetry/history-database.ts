import fs from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** Of the tables below. A file of a newer gateway is set aside, not read. */
const schemaVersion = 1

const schema = `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    client TEXT NOT NULL,
    server_id TEXT NOT NULL,
    method TEXT NOT NULL,
    target TEXT,
    duration_ms REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE bodies (
    id INTEGER PRIMARY KEY,
    request TEXT,
    response TEXT,
    is_masked INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${schemaVersion};
`

/**
 * Its one user is this process, so nothing is shared. Nothing waits for the disk: what a power cut may cost is a
 * history, and a damaged one is begun anew. Small checkpoints keep each of them short.
 */
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  PRAGMA wal_autocheckpoint = 256;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA cache_size = -1024;
  PRAGMA temp_store = MEMORY;
`

const siblings = ['', '-wal', '-shm', '-journal']

/** The file is no history that this gateway could read. */
export class UnreadableHistory extends Error {
  override readonly name = 'UnreadableHistory'
}

/**
 * Opens the file, or makes it; only its user can read it. Throws UnreadableHistory, or an error of the system or of
 * SQLite. Nothing of SQLite is loaded before.
 */
export function openHistoryDatabase(file: string): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite')
  // Node had it behind a flag before 22.13.
  if (sqlite === undefined) throw new Error('The history needs Node 22.13 or newer.')
  const mode = 0o600
  fs.closeSync(fs.openSync(file, 'a', mode))
  if ((fs.statSync(file).mode & 0o077) !== 0) fs.chmodSync(file, mode)
  const database = new sqlite.DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const version = database.prepare('PRAGMA user_version').get()?.['user_version']
    if (version !== 0 && version !== schemaVersion)
      throw new UnreadableHistory(`it is of version ${String(version)}`)
    database.exec(settings)
    if (version === 0) database.exec(`BEGIN; ${schema} COMMIT;`)
    return database
  } catch (error) {
    database.close()
    throw isDamage(error) ? new UnreadableHistory('it is damaged', { cause: error }) : error
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB; a table that is not there was made by nobody who meant this file. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return false
  const code = error.errcode & 0xff
  return code === 11 || code === 26 || (code === 1 && error.message.startsWith('no such'))
}

/** Moves the file out of the way, over one that was moved before. Returns its new name. */
export function setHistoryAside(file: string): string {
  const aside = `${file}.unreadable`
  for (const end of siblings) {
    fs.rmSync(`${aside}${end}`, { force: true })
    if (fs.existsSync(`${file}${end}`)) fs.renameSync(`${file}${end}`, `${aside}${end}`)
  }
  return aside
}

/** Nothing of what was in it stays on the disk, as deleted rows would. */
export function removeHistory(file: string): void {
  for (const end of siblings) fs.rmSync(`${file}${end}`, { force: true })
}
