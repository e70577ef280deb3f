import { watch, type FSWatcher } from 'node:fs'
import { readFile, readlink, stat } from 'node:fs/promises'
import { basename, join, parse, resolve, sep } from 'node:path'
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

interface WatchedFolder {
  watcher: FSWatcher
  names: Set<string>
  /** Device and inode, to notice that another folder has its name now. */
  identity: string
}

class PathWatch implements FileWatch {
  readonly #path: string
  readonly #onChange: () => void | Promise<void>
  readonly #debounceMs: number
  readonly #pollMs: number
  readonly #clock: Clock
  readonly #folders = new Map<string, WatchedFolder>()
  #known: string | undefined
  #closed = false
  #deaf = false
  #emptySeen = false
  #signature = ''
  #cancelCheck: () => void = () => {}
  #cancelPoll: () => void = () => {}
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
    const content = await this.#read()
    const now = content === undefined ? undefined : etagOf(content)
    if (this.#known === undefined) this.#known = now
    else if (now !== this.#known) this.#schedule(this.#debounceMs)
    this.#signature = await this.#stat()
    this.#poll()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelCheck()
    this.#cancelPoll()
    await this.#arming
    for (const folder of this.#folders.values()) folder.watcher.close()
    this.#folders.clear()
    await this.#work
  }

  #schedule(ms: number): void {
    this.#cancelCheck()
    if (this.#closed) return
    this.#cancelCheck = this.#clock.after(ms, () => {
      this.#work = this.#work.then(() => this.#check())
    })
  }

  async #check(): Promise<void> {
    if (this.#closed) return
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

  /** Also finds what an event was lost for. */
  #poll(): void {
    if (this.#closed) return
    const ms = this.#deaf ? Math.min(1000, this.#pollMs) : this.#pollMs
    this.#cancelPoll = this.#clock.after(ms, () => {
      this.#work = this.#work.then(async () => {
        const signature = await this.#stat()
        if (signature !== this.#signature) {
          this.#signature = signature
          await this.#arm()
          this.#schedule(this.#debounceMs)
        }
        this.#poll()
      })
    })
  }

  #onEvent(folder: string, type: string, name: string | null): void {
    const own = this.#folders.get(folder)
    // A folder that is moved or removed tells its own name.
    const isSelf = name === basename(folder)
    if (own === undefined || (name !== null && !isSelf && !own.names.has(name))) return
    if (type === 'rename') {
      if (isSelf) this.#drop(folder)
      void this.#arm()
    }
    this.#schedule(this.#debounceMs)
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close()
    this.#folders.delete(folder)
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
    // A change between looking and watching would be lost, so look again after each round that opened something.
    for (let round = 0; round < 20 && this.#armAgain && !this.#closed; round++) {
      this.#armAgain = await this.#armOnce()
      if (this.#armAgain) this.#schedule(this.#debounceMs)
    }
  }

  /** Returns whether anything is watched that was not before. */
  async #armOnce(): Promise<boolean> {
    this.#armAgain = false
    const places = await placesOf(this.#path)
    let opened = false
    this.#deaf = false
    for (const folder of this.#folders.keys()) if (!places.has(folder)) this.#drop(folder)
    for (const [folder, names] of places) {
      const identity = await identityOf(folder)
      const watched = this.#folders.get(folder)
      if (watched !== undefined && watched.identity === identity) {
        watched.names = names
        continue
      }
      this.#drop(folder)
      if (!this.#closed && this.#open(folder, names, identity)) opened = true
    }
    return opened || this.#armAgain
  }

  #open(folder: string, names: Set<string>, identity: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, (type, name) => {
        this.#onEvent(folder, type, name)
      })
      watcher.on('error', () => {
        this.#drop(folder)
        this.#deaf = true
      })
      this.#folders.set(folder, { watcher, names, identity })
      return true
    } catch {
      // Out of inotify watches, or gone already: polling has to do.
      this.#deaf = true
      return false
    }
  }
}

async function identityOf(folder: string): Promise<string> {
  try {
    const { dev, ino, birthtimeNs } = await stat(folder, { bigint: true })
    return `${dev}:${ino}:${birthtimeNs}`
  } catch {
    return 'gone'
  }
}

/**
 * Where a path can come to mean something else: for each symlink on the way, for the file and for the first part that
 * is missing, the folder that holds it (without links) and its name there.
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
  return places
}

function split(path: string): { current: string; rest: string[] } {
  const { root } = parse(path)
  return { current: root, rest: path.slice(root.length).split(sep).filter(Boolean) }
}
