import type {
  BrowserWindow as Contract,
  BrowserWindowConstructorOptions,
  Rectangle,
} from 'electron'
import { app } from './app.ts'
import { strict, StrictEmitter } from './strict.ts'
import { WebContents } from './web-contents.ts'

const events = [
  'close',
  'closed',
  'ready-to-show',
  'show',
  'hide',
  'focus',
  'blur',
  'minimize',
  'maximize',
  'unmaximize',
  'restore',
  'resize',
  'move',
  'query-session-end', // Windows only: never comes
  'session-end',
]

type Members =
  | 'id'
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'close'
  | 'destroy'
  | 'minimize'
  | 'restore'
  | 'maximize'
  | 'isMinimized'
  | 'isMaximized'
  | 'isVisible'
  | 'isDestroyed'
  | 'getBounds'
  | 'setBounds'
  | 'getNormalBounds'
  | 'setBackgroundColor'

/** A window with the states and events of Electron's; what a window manager does to it is not here. */
export class BrowserWindow extends StrictEmitter implements Pick<Contract, Members> {
  readonly webContents: WebContents
  /** For specs: what it was made with. */
  readonly options: BrowserWindowConstructorOptions
  readonly id: number
  private visible: boolean
  private state: 'normal' | 'minimized' | 'maximized' = 'normal'
  private dead = false
  private bounds: Rectangle

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super('BrowserWindow', events)
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    this.options = options
    const { x = 100, y = 100, width = 800, height = 600, webPreferences = {} } = options
    for (const [key, wanted] of [
      ['sandbox', true],
      ['contextIsolation', true],
      ['nodeIntegration', false],
    ] as const)
      if ((webPreferences[key] ?? wanted) !== wanted)
        throw new Error(`The stand-in for Electron has no windows with ${key}: ${!wanted}.`)
    this.bounds = { x, y, width, height }
    this.visible = options.show !== false
    this.webContents = new WebContents({
      preload: webPreferences.preload,
      size: { width, height },
      destroy: () => this.close(),
      isDestroyed: () => this.dead,
    })
    this.id = this.webContents.id
    // Drawn for the first time, whether shown or not.
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'))
    const view = strict('BrowserWindow', this)
    windows.add(view)
    app.emit('web-contents-created', {}, this.webContents)
    app.emit('browser-window-created', {}, view)
    return view
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows]
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return [...windows].find(({ webContents }) => webContents === contents) ?? null
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }

  show(): void {
    if (!this.visible) {
      this.visible = true
      this.emit('show')
    }
    this.focus()
  }

  hide(): void {
    if (!this.visible) return
    this.visible = false
    this.emit('hide')
  }

  focus(): void {
    this.emit('focus')
  }

  minimize(): void {
    this.state = 'minimized'
    this.emit('minimize')
  }

  restore(): void {
    this.state = 'normal'
    this.emit('restore')
  }

  maximize(): void {
    this.state = 'maximized'
    this.emit('maximize')
  }

  isMinimized(): boolean {
    return this.state === 'minimized'
  }

  isMaximized(): boolean {
    return this.state === 'maximized'
  }

  isVisible(): boolean {
    return this.visible && !this.dead
  }

  isDestroyed(): boolean {
    return this.dead
  }

  getBounds(): Rectangle {
    return this.bounds
  }

  getNormalBounds(): Rectangle {
    return this.bounds
  }

  setBounds(bounds: Partial<Rectangle>): void {
    const { minWidth = 0, minHeight = 0 } = this.options
    const { width, height, ...position } = { ...this.bounds, ...bounds }
    this.bounds = {
      ...position,
      width: Math.max(width, minWidth),
      height: Math.max(height, minHeight),
    }
    this.emit('resize')
    this.emit('move')
  }

  setBackgroundColor(color: string): void {
    this.options.backgroundColor = color
  }

  close(): void {
    if (this.dead || this.emitPreventable('close')) return
    this.destroy()
  }

  destroy(): void {
    if (this.dead) return
    this.dead = true
    for (const view of windows) if (view.id === this.id) windows.delete(view)
    void this.webContents.drop()
    this.webContents.emit('destroyed')
    this.emit('closed')
    if (windows.size === 0) app.windowsGone()
  }
}

const windows = new Set<BrowserWindow>()
app.windows = () => [...windows]

/** What Playwright finds a page's window by. */
export const webContents = strict('webContents', {
  fromDevToolsTargetId: (id: string) =>
    [...windows].map((window) => window.webContents).find(({ targetId }) => targetId === id),
  getAllWebContents: () => [...windows].map((window) => window.webContents),
})
