import path from 'node:path'
import { app, BrowserWindow, nativeTheme, screen } from 'electron'
import { preloadFile, windowIcon } from './app-files.ts'
import { appUrl } from './app-protocol.ts'
import type { GatewayLink } from './gateway-link.ts'
import { setupContextMenu } from './menu.ts'
import { endWithSession } from './quit.ts'
import { placeOn, recallWindow, rememberWindow } from './window-memory.ts'

const usualSize = { width: 1100, height: 720 }
const rememberAfterMs = 500
/** A page that crashes again so soon after the last time crashes on sight. */
const crashPauseMs = 10_000

export interface MainWindowOptions {
  /** A tray icon brings a hidden window back. */
  hasTray: boolean
  link: GatewayLink
}

/** The app's one window: made when it is first wanted, hidden rather than closed, where it was left. */
export class MainWindow {
  private readonly options: MainWindowOptions
  private readonly file = path.join(app.getPath('userData'), 'window.json')
  private window: BrowserWindow | undefined
  private isLeaving = false
  private isAwaited = false

  constructor(options: MainWindowOptions) {
    this.options = options
  }

  /** Undefined before it was first wanted. */
  get current(): BrowserWindow | undefined {
    return this.window?.isDestroyed() === false ? this.window : undefined
  }

  /** In front, whatever it was; `route` opens a screen, such as `#/settings`. */
  show(route?: string): void {
    const { current } = this
    if (current === undefined) return this.open('shown', route)
    if (route !== undefined) this.load(current, route)
    if (current.isMinimized()) current.restore()
    current.show()
    current.focus()
  }

  /** In the taskbar alone, where there is no tray to come back from. */
  showMinimized(): void {
    if (this.current === undefined) this.open('minimized')
  }

  /** The app ends: nothing is held any more. */
  leave(): void {
    this.isLeaving = true
    this.isAwaited = false
    this.remember()
    this.current?.hide()
  }

  private open(how: 'shown' | 'minimized', route?: string): void {
    const memory = recallWindow(this.file)
    const screens = screen.getAllDisplays().map(({ workArea }) => workArea)
    const window = new BrowserWindow({
      ...(memory === undefined ? usualSize : placeOn(screens, memory)),
      minWidth: 860,
      minHeight: 560,
      show: false,
      title: 'Open MCP Gateway',
      backgroundColor: background(),
      autoHideMenuBar: true,
      ...(process.platform === 'linux' ? { icon: windowIcon() } : {}),
      webPreferences: {
        preload: preloadFile(),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        spellcheck: false,
      },
    })
    this.window = window
    this.follow(window)
    setupContextMenu(window.webContents)
    endWithSession(window, this.options.link)
    if (memory?.maximized === true) window.maximize()
    this.isAwaited = true
    window.once('ready-to-show', () => {
      // Closed, or the app ends, before it was drawn.
      if (!this.isAwaited) return
      if (how === 'minimized') window.minimize()
      else window.show()
    })
    this.load(window, route ?? memory?.route ?? '')
  }

  private load(window: BrowserWindow, route: string): void {
    // A page that does not load is shown as such; there is nobody to reject to.
    window.loadURL(appUrl + route).catch(() => {})
  }

  private follow(window: BrowserWindow): void {
    window.on('close', (event) => {
      if (this.isLeaving) return
      event.preventDefault()
      this.isAwaited = false
      this.remember()
      if (this.options.hasTray) window.hide()
      else window.minimize()
    })
    let timer: NodeJS.Timeout | undefined
    const soon = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => this.remember(), rememberAfterMs)
    }
    window.on('resize', soon)
    window.on('move', soon)
    window.on('maximize', soon)
    window.on('unmaximize', soon)
    window.on('closed', () => clearTimeout(timer))
    const { webContents } = window
    webContents.on('did-navigate-in-page', soon)
    let crashedAt = -Infinity
    webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit' || this.isLeaving) return
      const again = performance.now() - crashedAt < crashPauseMs
      crashedAt = performance.now()
      // Back at the first screen if the last one is what it crashes on.
      if (again) this.load(window, '')
      else webContents.reload()
    })
    const onTheme = (): void => window.setBackgroundColor(background())
    nativeTheme.on('updated', onTheme)
    window.on('closed', () => nativeTheme.off('updated', onTheme))
  }

  private remember(): void {
    const { current } = this
    if (current === undefined) return
    const [, route = ''] = /^[^#]*(#\/\S*)$/.exec(current.webContents.getURL()) ?? []
    try {
      rememberWindow(this.file, {
        bounds: current.getNormalBounds(),
        maximized: current.isMaximized(),
        route,
      })
    } catch {
      // A full or read-only disk: next time the window opens in its usual place.
    }
  }
}

/** `--bg` of src-renderer/styles/tokens.css: what is seen before the page is drawn. */
function background(): string {
  return nativeTheme.shouldUseDarkColors ? '#121316' : '#f4f5f7'
}
