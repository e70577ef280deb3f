import type { CatalogCheck, CatalogEdit } from '../../src-shared/api.ts'
import type { Catalog } from '../../src-shared/catalog.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { CatalogChanges } from '../servers/supervisor.ts'
import type { Log } from '../telemetry/log.ts'
import { CatalogFile } from './catalog-file.ts'
import type { CatalogTask } from './catalog-task.ts'
import { runOffThread } from './off-thread.ts'
import { loadCatalogFile } from './parse-cache.ts'
import { CatalogError, formatProblem } from './problem.ts'
import { createSampleCatalog } from './sample-catalog.ts'
import type { FileWatch } from './watch.ts'

/** `POST /admin/reload` and what a watcher's reload reports. */
export interface ReloadResult {
  servers_loaded: number
  servers_added: string[]
  servers_removed: string[]
  servers_changed: string[]
}

export interface CatalogSaved {
  /** Of the text as it is now; quoted, ready for the header. */
  etag: string
  reload: ReloadResult
}

/** The catalog as a text with a version; see product.md 1, "The file belongs to its user". */
export interface CatalogAccess {
  /** `etag` is quoted, ready for the header. */
  read(): Promise<{ text: string; etag: string }>
  /** Each throws GatewayError: `precondition_failed` (changed since read), `catalog_invalid`, `conflict`, `server_not_found`. */
  replace(text: string, ifMatch?: string): Promise<CatalogSaved>
  addServer(entry: unknown, ifMatch?: string): Promise<CatalogSaved>
  /** A JSON merge patch (RFC 7396) on one entry. */
  patchServer(id: string, patch: unknown, ifMatch?: string): Promise<CatalogSaved>
  removeServer(id: string, ifMatch?: string): Promise<CatalogSaved>
}

/** The last attempt to load the catalog; errors are `file:line:column: message`. */
export interface LastReload {
  time: string
  ok: boolean
  errors: string[]
}

type WithoutFile<T> = T extends unknown ? Omit<T, 'file'> : never

interface Options {
  /** Absolute. */
  path: string
  stateDir: string
  workerFile: string | undefined
  clock: Clock
  log: Log
  /** Puts a valid catalog in force. */
  apply: (catalog: Catalog) => Promise<CatalogChanges>
  /** After each attempt; `anyChange`: of the servers, also of what does not count as a change of their launch. */
  loaded: (result: ReloadResult, anyChange: boolean) => void
  refused: (errors: string[]) => void
}

/** The watcher is loaded once the endpoint listens; what changes before is found by its etag. */
const watchAfterMs = 200

/** The catalog that the gateway goes by: one load at a time, each a transaction; edits of its text; its watcher. */
export class CatalogInForce implements CatalogAccess {
  lastReload: LastReload
  /** The folder that relative paths of the catalog start from. */
  baseDir = ''
  readonly #options: Options
  readonly #file: CatalogFile
  #etag = ''
  #loading: Promise<unknown> = Promise.resolve()
  #unwatch: () => Promise<void> = async () => {}
  #isClosing = false

  constructor(options: Options) {
    this.#options = options
    this.#file = new CatalogFile(options.path)
    this.lastReload = { time: this.#now(), ok: true, errors: [] }
  }

  /**
   * The first load; a missing file is made. One that is not valid leaves the gateway without servers. Rejects if the
   * file cannot be read or made.
   */
  async open(): Promise<void> {
    await createSampleCatalog(this.#options.path)
    await this.reload().catch((error: unknown) => {
      if (!(error instanceof CatalogError)) throw error
    })
  }

  /** Loads it now. Throws `catalog_invalid` and changes nothing if it is not valid. */
  reload(): Promise<ReloadResult> {
    const load = (): Promise<ReloadResult> => this.#load()
    const run = this.#loading.then(load, load)
    this.#loading = run.catch(() => {})
    return run
  }

  read(): Promise<{ text: string; etag: string }> {
    return this.#file.read()
  }

  replace(text: string, ifMatch?: string): Promise<CatalogSaved> {
    return this.#edit(async () => {
      await this.#run({ kind: 'parse', text })
      return text
    }, ifMatch)
  }

  addServer(entry: unknown, ifMatch?: string): Promise<CatalogSaved> {
    return this.#edit((text) => this.#run({ kind: 'add', text, entry }), ifMatch)
  }

  patchServer(id: string, patch: unknown, ifMatch?: string): Promise<CatalogSaved> {
    return this.#edit((text) => this.#run({ kind: 'patch', text, id, patch }), ifMatch)
  }

  removeServer(id: string, ifMatch?: string): Promise<CatalogSaved> {
    return this.#edit((text) => this.#run({ kind: 'remove', text, id }), ifMatch)
  }

  /** What is wrong with a text, and which servers it has; never rejects for the text's sake. */
  async check(text: string): Promise<CatalogCheck> {
    const checked: CatalogCheck = JSON.parse(await this.#run({ kind: 'check', text }))
    return checked
  }

  /** Edits of a text; nothing is written. Rejects as single edits do. */
  editText(text: string, edits: readonly CatalogEdit[]): Promise<string> {
    return this.#run({ kind: 'edit', text, edits })
  }

  /** From a moment after now, until `close`, a change of the file is loaded. */
  watch(): void {
    const { clock, log, path } = this.#options
    let opening: Promise<FileWatch | undefined> | undefined
    const open = async (): Promise<FileWatch> => {
      const { watchFile } = await import('./watch.ts')
      const changed = async (): Promise<void> => void (await this.reload().catch(() => {}))
      return watchFile(path, changed, { clock, since: this.#etag })
    }
    const cancel = clock.after(watchAfterMs, () => {
      opening = open().catch((error: unknown) => {
        log.error({ error }, 'The catalog cannot be watched; reload it by hand after a change.')
        return undefined
      })
    })
    this.#unwatch = async () => {
      cancel()
      await (await opening)?.close()
    }
  }

  close(): Promise<void> {
    this.#isClosing = true
    return this.#unwatch()
  }

  async #load(): Promise<ReloadResult> {
    const { path, stateDir, workerFile, apply, loaded, refused, log } = this.#options
    const time = this.#now()
    try {
      const found = await loadCatalogFile(path, { stateDir, workerFile })
      this.baseDir = found.baseDir
      this.#etag = found.etag
      const changes = await apply(found.catalog)
      const result: ReloadResult = {
        servers_loaded: found.catalog.servers.length,
        servers_added: changes.added,
        servers_removed: changes.removed,
        servers_changed: changes.changed,
      }
      this.lastReload = { time, ok: true, errors: [] }
      loaded(
        result,
        Object.values(changes).some((ids) => ids.length > 0),
      )
      return result
    } catch (error) {
      if (this.#isClosing) throw error
      const errors =
        error instanceof CatalogError
          ? error.problems.map(formatProblem)
          : [asGatewayError(error).message]
      this.lastReload = { time, ok: false, errors }
      refused(errors)
      log.error({ errors }, 'The catalog is not valid; what was in force stays.')
      throw error
    }
  }

  async #edit(
    change: (text: string) => Promise<string>,
    ifMatch: string | undefined,
  ): Promise<CatalogSaved> {
    const { text, etag } = await this.#file.read()
    const written = await this.#file.write(await change(text), ifMatch ?? etag)
    return { etag: written.etag, reload: await this.reload() }
  }

  /** Long texts in a thread of their own. */
  #run(task: WithoutFile<CatalogTask>): Promise<string> {
    const { path, workerFile } = this.#options
    return runOffThread({ ...task, file: path }, { workerFile })
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString()
  }
}
