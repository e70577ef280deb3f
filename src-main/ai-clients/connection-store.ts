import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { GatewayError } from '../../src-shared/errors.ts'
import { errorCode } from '../catalog/file-error.ts'
import { takeLock } from '../process-lock.ts'
import { prepareFolder } from '../state-dir.ts'

const step = z.object({
  client: z.string(),
  /** As the client names it. */
  file: z.string(),
  project: z.string().nullable(),
  kind: z.enum(['shim-all', 'shim-per-server', 'http']),
  /** `cli`: the client's own command has written it. */
  via: z.enum(['file', 'cli']),
  container: z.object({ path: z.array(z.string()), kind: z.enum(['map', 'list']) }),
  /** `server`: undefined for an entry of all servers. `sha256`: of the entry as JSON. */
  entries: z.array(
    z.object({ name: z.string(), server: z.string().optional(), sha256: z.string() }),
  ),
  /** Servers of others that went in the same step. */
  replaced: z.array(z.string()),
  /** Keys of the container's path that the person had. */
  keep: z.number(),
  /** The file was made by us, and up to this folder those around it. */
  made_file: z.boolean(),
  made_folder: z.string().nullable(),
  /** Versions of the file before and after; null where it was not us who wrote it. */
  before: z.string().nullable(),
  written: z.string().nullable(),
  /** The bytes before hold an entry of ours: written by hand, or by a gateway with another state. */
  had_entries: z.boolean(),
  /** The bytes before; null where there is nothing to come back to. */
  backup: z.string().nullable(),
  token_id: z.string().nullable(),
  /** What the entries lead to: see `destinationOf`. */
  leads_to: z.string(),
  connected_at: z.string(),
  /** `writing`: the process may have ended before or after the file was replaced. */
  state: z.enum(['writing', 'connected']),
})

/** `earlier`: what undo comes back to, the last one last; of a client that was connected before its servers gave way. */
const connection = step.extend({ earlier: z.array(step).default([]) })

const backupRow = z.object({
  name: z.string(),
  client: z.string(),
  file: z.string(),
  sha256: z.string(),
  time: z.string(),
})

const stored = z.object({ version: z.literal(1), connections: z.array(connection) })
const index = z.object({ version: z.literal(1), backups: z.array(backupRow) })

export type Connection = z.infer<typeof connection>

/** More than these of one file are of no use to anybody. */
const backupsPerFile = 20
const lockWaitMs = 10_000

/** What was written into whose files, and what was there before: `clients.json` and `backups/` of the state directory. */
export class ConnectionStore {
  readonly #dir: string
  readonly #file: string
  readonly #backups: string

  constructor(stateDir: string) {
    this.#dir = stateDir
    this.#file = path.join(stateDir, 'clients.json')
    this.#backups = path.join(stateDir, 'backups')
  }

  /** Throws GatewayError `internal` for a damaged file: it is never written over. */
  read(): Connection[] {
    return this.#load(this.#file, stored)?.connections ?? []
  }

  /** Keeps one connection of each client and file. */
  save(one: Connection): void {
    this.#write(this.#file, { version: 1, connections: [...this.#others(one), one] })
  }

  remove(one: Connection): void {
    this.#write(this.#file, { version: 1, connections: this.#others(one) })
  }

  /** Writes the bytes down, and returns the backup's name. Its folder is its owner's alone: files hold secrets. */
  keep(client: string, file: string, bytes: Buffer, sha256: string, time: Date): string {
    prepareFolder(this.#dir)
    prepareFolder(this.#backups)
    const stamp = time.toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const name = `${client}-${stamp}-${randomBytes(6).toString('hex')}.bak`
    const handle = fs.openSync(path.join(this.#backups, name), 'wx', 0o600)
    try {
      fs.writeSync(handle, bytes)
      fs.fsyncSync(handle)
    } finally {
      fs.closeSync(handle)
    }
    this.#addToIndex({ name, client, file, sha256, time: time.toISOString() })
    return name
  }

  /** The bytes of a backup; undefined if somebody has deleted it. */
  restore(name: string): Buffer | undefined {
    try {
      return fs.readFileSync(this.backupPath(name))
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return undefined
      throw thrown
    }
  }

  backupPath(name: string): string {
    return path.join(this.#backups, path.basename(name))
  }

  /** Runs `act` while no other process changes clients' files. Throws GatewayError `conflict` after a while. */
  async locked<T>(act: () => Promise<T>): Promise<T> {
    prepareFolder(this.#dir)
    const file = path.join(this.#dir, 'clients.lock')
    const deadline = Date.now() + lockWaitMs
    let lock = takeLock(file)
    while ('heldBy' in lock) {
      if (Date.now() > deadline)
        throw new GatewayError(
          'conflict',
          `Another process (${lock.heldBy.pid}) is changing the files of AI clients. Nothing was written. Try again when it is done.`,
        )
      await setTimeout(25)
      lock = takeLock(file)
    }
    try {
      return await act()
    } finally {
      lock.release()
    }
  }

  #others({ client, file }: Connection): Connection[] {
    return this.read().filter((other) => other.client !== client || other.file !== file)
  }

  #addToIndex(row: z.infer<typeof backupRow>): void {
    const file = path.join(this.#backups, 'index.json')
    const rows = [...(this.#load(file, index)?.backups ?? []), row]
    const used = new Set(
      this.read().flatMap(({ backup, earlier }) => [backup, ...earlier.map((one) => one.backup)]),
    )
    const ofFile = rows.filter((one) => one.file === row.file && !used.has(one.name))
    const old = new Set(ofFile.slice(0, -backupsPerFile).map(({ name }) => name))
    this.#write(file, { version: 1, backups: rows.filter(({ name }) => !old.has(name)) })
    for (const name of old) fs.rmSync(this.backupPath(name), { force: true })
  }

  #load<T>(file: string, schema: z.ZodType<T>): T | undefined {
    let text: string
    try {
      text = fs.readFileSync(file, 'utf8')
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return undefined
      throw thrown
    }
    try {
      return schema.parse(JSON.parse(text))
    } catch (thrown) {
      throw new GatewayError(
        'internal',
        `${file} is damaged, so that it is not known which entries of AI clients are the gateway's. Move it away to begin anew; the clients' files stay as they are.`,
        { cause: thrown },
      )
    }
  }

  /** Whole or not at all. */
  #write(file: string, value: unknown): void {
    prepareFolder(this.#dir)
    const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`
    const handle = fs.openSync(draft, 'wx', 0o600)
    try {
      fs.writeSync(handle, `${JSON.stringify(value, undefined, 2)}\n`)
      fs.fsyncSync(handle)
    } finally {
      fs.closeSync(handle)
    }
    fs.renameSync(draft, file)
  }
}
