import os from 'node:os'
import path from 'node:path'
import type { App as Contract } from 'electron'
import type { Chromium } from './chromium.ts'
import { InstanceLock } from './instance-lock.ts'
import { notImplemented, StrictEmitter } from './strict.ts'

const events = [
  'ready',
  'activate',
  'second-instance',
  'window-all-closed',
  'before-quit',
  'will-quit',
  'quit',
  'web-contents-created',
  'browser-window-created',
]

export interface Quittable {
  close(): void
  isDestroyed(): boolean
}

type Members =
  | 'whenReady'
  | 'isReady'
  | 'quit'
  | 'exit'
  | 'enableSandbox'
  | 'requestSingleInstanceLock'
  | 'getPath'
  | 'setPath'
  | 'getAppPath'
  | 'getName'
  | 'getVersion'
  | 'isPackaged'

export interface Launch {
  executable: string
  appPath: string
  name: string
  version: string
  isPackaged: boolean
  userData: string
}

export class App extends StrictEmitter implements Pick<Contract, Members> {
  /** Set by the windows, which need `app` themselves. */
  windows: () => readonly Quittable[] = () => []
  private launch: Launch | undefined
  private chromium: Chromium | undefined
  private readonly lock = new InstanceLock()
  private readonly ready = Promise.withResolvers<void>()
  private isUp = false
  private isExiting = false

  constructor() {
    super('app', events)
  }

  get isPackaged(): boolean {
    return this.launched.isPackaged
  }

  whenReady(): Promise<void> {
    return this.ready.promise
  }

  isReady(): boolean {
    return this.isUp
  }

  /** Every window here is sandboxed anyway. */
  enableSandbox(): void {
    if (this.isUp) throw new Error('app.enableSandbox() can only be called before app is ready')
  }

  requestSingleInstanceLock(): boolean {
    return this.lock.take(path.join(this.launched.userData, 'stand-in-instance'), (message) =>
      this.emit('second-instance', {}, message.argv, message.cwd, {}),
    )
  }

  quit(): void {
    if (this.isExiting || this.emitPreventable('before-quit')) return
    for (const window of this.windows()) window.close()
    if (this.windows().some((window) => !window.isDestroyed())) return
    if (this.emitPreventable('will-quit')) return
    this.exit(0)
  }

  exit(exitCode = 0): void {
    if (this.isExiting) return
    this.isExiting = true
    this.lock.release()
    this.emit('quit', {}, exitCode)
    const end = (): never => process.exit(exitCode)
    if (this.chromium === undefined) end()
    else this.chromium.close().then(end, end)
  }

  getPath(name: Parameters<Contract['getPath']>[0]): string {
    const { executable, userData } = this.launched
    if (name === 'home') return os.homedir()
    if (name === 'userData' || name === 'sessionData') return userData
    if (name === 'exe') return executable
    if (name === 'temp') return os.tmpdir()
    throw notImplemented(`app.getPath('${name}')`)
  }

  setPath(name: string, folder: string): void {
    if (name !== 'userData' || this.isUp)
      throw notImplemented(`app.setPath('${name}') at this time`)
    this.launch = { ...this.launched, userData: folder }
  }

  getAppPath(): string {
    return this.launched.appPath
  }

  getName(): string {
    return this.launched.name
  }

  getVersion(): string {
    return this.launched.version
  }

  windowsGone(): void {
    if (this.isExiting) return
    if (this.listenerCount('window-all-closed') > 0) this.emit('window-all-closed')
    else this.quit()
  }

  /** For the launcher: before the app's own code runs. */
  prepare(launch: Launch): void {
    this.launch = launch
  }

  /** For the launcher: Chromium is up. */
  begin(chromium: Chromium): void {
    this.chromium = chromium
    if (this.isExiting) return
    this.isUp = true
    this.ready.resolve()
    this.emit('ready', {}, {})
  }

  private get launched(): Launch {
    if (this.launch === undefined) throw new Error('The stand-in has not been launched.')
    return this.launch
  }
}

export const app = new App()
