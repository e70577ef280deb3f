import { readFile, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, parse, resolve, sep } from 'node:path'
import type { ChokidarOptions, FSWatcher } from 'chokidar'
import { systemClock, type Clock } from '../servers/clock.ts'
import { etagOf } from './content-version.ts'
import { errorCode, isAbsent } from './file-error.ts'

export interface WatchOptions {
  /** How long the file must be left alone before it is looked at. Default 500. */
  debounceMs?: number
  /** The etag of the content that the caller has; a change since then is reported as well. */
  since?: string
  /** How often the file is looked at without an event, for file systems that send none. Default 5,000. */
  pollMs?: number
  clock?: Clock
}

export interface FileWatch {
  /** No call of `onChange` begins after this has resolved. */
  close(): Promise<void>
}

/**
 * Calls `onChange` once the content of a file is another one and the file has been quiet for `debounceMs`. Follows
 * the path, not the inode: files replaced by rename, symlinks and folders swapped (Kubernetes ConfigMap), files
 * created later. A file that is missing is waited for. `onChange` is not called again before it has settled; what it
 * throws is its own affair and lost here.
 */
export async function watchFile(
  path: string,
  onChange: () => void | Promise<void>,
  options: WatchOptions = {},
): Promise<FileWatch> {
  const watched = new PathWatch(resolve(path), onChange, options)
  await watched.open()
  return watched
}

/** How long chokidar may take to look through the folders, before polling has to do until it has. */
const readyMs = 10_000

class PathWatch implements FileWatch {
  readonly #path: string
  readonly #onChange: () => void | Promise<void>
  readonly #debounceMs: number
  readonly #pollMs: number
  readonly #clock: Clock
  #watcher: FSWatcher | undefined
  /** The places that are watched, to compare. */
  #watched = ''
  /** The same paths may be other folders now; what is watched follows the folder, not its name. */
  #stale = false
  #known: string | undefined
  #closed = false
  #deaf = false
  #emptySeen = false
  #isDue = false
  #signature = ''
  #cancelCheck: () => void = () => {}
  #cancelPoll: () => void = () => {}
  #cancelReady: () => void = () => {}
  #work: Promise<void> = Promise.resolve()
  #arming: Promise<void> | undefined
  #armAgain = false

  constructor(path: string, onChange: () => void | Promise<void>, options: WatchOptions) {
    this.#path = path
    this.#onChange = onChange
    this.#debounceMs = options.debounceMs ?? 500
    this.#pollMs = options.pollMs ?? 5000
    this.#clock = options.clock ?? systemClock
    this.#known = options.since
  }

  async open(): Promise<void> {
    await this.#arm()
    this.#signature = await this.#stat()
    const content = await this.#read()
    const now = content === undefined ? undefined : etagOf(content)
    if (this.#known === undefined) this.#known = now
    else if (now !== this.#known) this.#schedule(this.#debounceMs)
    this.#poll()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelCheck()
    this.#cancelPoll()
    this.#cancelReady()
    await this.#arming
    await this.#watcher?.close()
    await this.#work
  }

  #schedule(ms: number): void {
    this.#cancelCheck()
    if (this.#closed) return
    this.#isDue = true
    this.#cancelCheck = this.#clock.after(ms, () => {
      this.#isDue = false
      this.#work = this.#work.then(() => this.#check())
    })
  }

  async #check(): Promise<void> {
    if (this.#closed) return
    this.#signature = await this.#stat()
    const content = await this.#read()
    if (content === undefined) return
    if (content.length > 0) this.#emptySeen = false
    const etag = etagOf(content)
    if (etag === this.#known || this.#closed) return
    // Emptied is mostly "about to be written", and an empty catalog would stop every server: wait longer, once.
    if (content.length === 0 && !this.#emptySeen) {
      this.#emptySeen = true
      this.#schedule(4 * this.#debounceMs)
      return
    }
    this.#emptySeen = false
    this.#known = etag
    try {
      await this.#onChange()
    } catch {
      // See watchFile.
    }
  }

  async #read(): Promise<Buffer | undefined> {
    return readFile(this.#path).catch(() => undefined)
  }

  async #stat(): Promise<string> {
    try {
      const { dev, ino, size, mtimeNs } = await stat(this.#path, { bigint: true })
      return `${dev}:${ino}:${size}:${mtimeNs}`
    } catch (thrown) {
      return errorCode(thrown) ?? 'unknown'
    }
  }

  /** Finds what no event has told: some network file systems send none, and the system may be out of watches. */
  #poll(): void {
    if (this.#closed) return
    const ms = this.#deaf ? Math.min(1000, this.#pollMs) : this.#pollMs
    this.#cancelPoll = this.#clock.after(ms, () => {
      this.#work = this.#work.then(async () => {
        const signature = await this.#stat()
        if (signature !== this.#signature && !this.#isDue) {
          this.#signature = signature
          this.#schedule(this.#debounceMs)
          this.#stale = true
          await this.#arm()
        }
        this.#poll()
      })
    })
  }

  /** Watches the folders that the path goes through now. Calls that come while one is at work make it go on. */
  #arm(): Promise<void> {
    this.#armAgain = true
    this.#arming ??= this.#armUntilSettled().finally(() => {
      this.#arming = undefined
    })
    return this.#arming
  }

  async #armUntilSettled(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      if (!this.#armAgain || this.#closed) return
      this.#armAgain = false
      const places = await placesOf(this.#path)
      const watched = JSON.stringify([...places].map(([folder, names]) => [folder, ...names]))
      if (watched === this.#watched && !this.#stale) continue
      this.#watched = watched
      this.#stale = false
      this.#deaf = false
      try {
        // First closed, then opened: chokidar would go on with the handle that it has for a path.
        await this.#watcher?.close()
        await this.#watch(places)
      } catch {
        this.#deaf = true
      }
      // A change between looking and watching would be lost, so look again.
      this.#armAgain = true
      this.#schedule(this.#debounceMs)
    }
  }

  async #watch(places: Map<string, Set<string>>): Promise<void> {
    const { watch } = await import('chokidar')
    if (this.#closed) return
    const watcher = watch([...places.keys()], optionsFor(places))
    this.#watcher = watcher
    watcher.on('error', () => {
      this.#deaf = true
    })
    watcher.on('all', (type) => {
      // Left to itself, chokidar at times goes on with the folder that was moved away or removed.
      if (type === 'addDir' || type === 'unlinkDir') this.#stale = true
      this.#schedule(this.#debounceMs)
      void this.#arm()
    })
    await new Promise<void>((resolve) => {
      const cancelLimit = this.#clock.after(readyMs, () => {
        this.#deaf = true
        resolve()
      })
      this.#cancelReady = () => {
        cancelLimit()
        resolve()
      }
      watcher.once('ready', this.#cancelReady)
    })
  }
}

/** Only these folders, not what is in them, and of their entries only those with a name that matters. */
function optionsFor(places: Map<string, Set<string>>): ChokidarOptions {
  const wanted = new Set(places.keys())
  for (const [folder, names] of places) for (const name of names) wanted.add(join(folder, name))
  return {
    depth: 0,
    ignored: (path) => !wanted.has(resolve(path)),
    ignoreInitial: true,
    // Links are followed by placesOf, which also tells of the links on the way.
    followSymlinks: false,
    // It would hold back a removal, and ignore names like those of an editor's drafts.
    atomic: false,
    persistent: false,
  }
}

/**
 * Where a path can come to mean something else: for each symlink on the way, for the file and for the first part that
 * is missing, the folder that holds it (without links) and its name there; and for each such folder the one above it,
 * which tells when another folder gets its name.
 */
async function placesOf(path: string): Promise<Map<string, Set<string>>> {
  const places = new Map<string, Set<string>>()
  const note = (folder: string, name: string): void => {
    places.set(folder, (places.get(folder) ?? new Set()).add(name))
  }
  let { current, rest } = split(path)
  for (let links = 0; links < 40;) {
    const name = rest.shift()
    if (name === undefined) break
    const full = join(current, name)
    try {
      const target = resolve(current, await readlink(full))
      note(current, name)
      const start = split(target)
      current = start.current
      rest = [...start.rest, ...rest]
      links++
      continue
    } catch (thrown) {
      if (isAbsent(thrown)) {
        note(current, name)
        break
      }
    }
    if (rest.length === 0) note(current, name)
    current = full
  }
  const folders = new Set(places.keys())
  for (const folder of folders)
    if (folder !== dirname(folder)) note(dirname(folder), basename(folder))
  return places
}

function split(path: string): { current: string; rest: string[] } {
  const { root } = parse(path)
  return { current: root, rest: path.slice(root.length).split(sep).filter(Boolean) }
}
