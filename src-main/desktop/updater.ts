import fs from 'node:fs'
import path from 'node:path'
import { app } from 'electron'
import type { AppUpdater } from 'electron-updater'
import type { DesktopState } from '../../src-shared/api.ts'

export type UpdateState = DesktopState['update']

export interface Updater {
  readonly state: UpdateState
  onChange(fn: () => void): void
  /** Looks for an update, which is then loaded. Never rejects: what went wrong is the state. */
  check(): Promise<void>
  /** With one that is ready: the caller has ended everything else. */
  install(): void
}

const firstCheckMs = 30_000
const checkEveryMs = 6 * 3600 * 1000

/** Updates of an installed app that has a feed; elsewhere `unavailable`, and nothing is loaded. */
export function setupUpdater(): Updater {
  const feed = path.join(process.resourcesPath, 'app-update.yml')
  if (!app.isPackaged || !fs.existsSync(feed)) return noUpdates
  return new FeedUpdater(async () => {
    const { autoUpdater } = await import('electron-updater')
    return autoUpdater
  })
}

const noUpdates: Updater = {
  state: {
    state: 'unavailable',
    version: null,
    message: 'This build does not update itself. Install the next version over it.',
  },
  onChange() {},
  async check() {},
  install() {},
}

class FeedUpdater implements Updater {
  state: UpdateState = { state: 'idle', version: null, message: '' }
  private readonly load: () => Promise<AppUpdater>
  private readonly watchers = new Set<() => void>()
  private loaded: Promise<AppUpdater> | undefined
  private ready: AppUpdater | undefined

  constructor(load: () => Promise<AppUpdater>) {
    this.load = load
    // Not while everything else starts.
    setTimeout(() => void this.check(), firstCheckMs).unref()
    setInterval(() => void this.check(), checkEveryMs).unref()
  }

  onChange(fn: () => void): void {
    this.watchers.add(fn)
  }

  async check(): Promise<void> {
    const { state } = this.state
    if (state === 'checking' || state === 'downloading' || state === 'ready') return
    this.set('checking', null, '')
    try {
      this.loaded ??= this.load().then((updater) => this.follow(updater))
      const updater = await this.loaded
      if (!updater.isUpdaterActive()) {
        this.set('unavailable', null, 'This kind of package does not update itself.')
        return
      }
      await updater.checkForUpdates()
    } catch (error) {
      this.fail(error)
    }
  }

  install(): void {
    this.ready?.quitAndInstall(true, true)
  }

  private follow(updater: AppUpdater): AppUpdater {
    updater.logger = null
    updater.on('update-not-available', () => this.set('idle', null, 'This is the newest version.'))
    updater.on('update-available', ({ version }) => this.set('downloading', version, ''))
    updater.on('download-progress', ({ percent }) =>
      this.set('downloading', this.state.version, `${Math.floor(percent)} %`),
    )
    updater.on('update-downloaded', ({ version }) => {
      this.ready = updater
      this.set('ready', version, '')
    })
    updater.on('error', (error) => this.fail(error))
    return updater
  }

  private fail(error: unknown): void {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
    this.set('failed', null, `The update could not be loaded. ${why} It is tried again later.`)
  }

  private set(state: UpdateState['state'], version: string | null, message: string): void {
    const { state: before } = this
    if (before.state === state && before.version === version && before.message === message) return
    this.state = { state, version, message }
    for (const watcher of this.watchers) watcher()
  }
}
