import fs from 'node:fs'
import type { IpcMainInvokeEvent, WebContents as Contract } from 'electron'
import type { CdpEvents, Commands } from './cdp.ts'
import type { Chromium } from './chromium.ts'
import { engine, onEvent } from './engine.ts'
import { ipcMain } from './ipc-main.ts'
import { allowFrame, createPage } from './pages.ts'
import { schemes } from './protocol.ts'
import { defaultSession } from './session.ts'
import type { DefaultSession } from './session.ts'
import { notImplemented, strict, StrictEmitter } from './strict.ts'
import { bindingName, isolatedWorld, mainWorld, worldName } from './worlds.ts'

/** What a window's page needs of its window. */
export interface PageOptions {
  preload: string | undefined
  size: { width: number; height: number }
  destroy: () => void
  isDestroyed: () => boolean
}

type OpenHandler = Parameters<Contract['setWindowOpenHandler']>[0]

const events = [
  'did-finish-load',
  'did-fail-load',
  'did-navigate-in-page',
  'will-navigate',
  'will-frame-navigate',
  'will-redirect',
  'will-attach-webview', // never comes: there is no <webview> here
  'render-process-gone',
  'context-menu', // never comes: no menu opens here
  'destroyed',
]

let lastId = 0

/** One page of Chromium, seen as Electron's main process sees it. */
export class WebContents
  extends StrictEmitter
  implements
    Pick<
      Contract,
      | 'id'
      | 'forcefullyCrashRenderer'
      | 'send'
      | 'setWindowOpenHandler'
      | 'getURL'
      | 'isDestroyed'
      | 'close'
      | 'loadURL'
      | 'reload'
    >
{
  readonly id = ++lastId
  readonly session: DefaultSession = strict('Session', defaultSession)
  targetId = ''
  private readonly options: PageOptions
  /** What the app has in its hands, and compares. */
  private readonly view: WebContents
  private readonly up: Promise<void>
  private sessionId = ''
  private frameId = ''
  private url = ''
  private loading: string | undefined
  private isolated: number | undefined
  private openHandler: OpenHandler = () => ({ action: 'allow' })

  constructor(options: PageOptions) {
    super('webContents', events)
    this.options = options
    this.view = strict('webContents', this)
    this.up = this.open()
    this.up.catch((error: unknown) => {
      if (!this.isDestroyed()) this.emit('did-fail-load', {}, -2, String(error))
    })
    return this.view
  }

  async loadURL(url: string): Promise<void> {
    await this.up
    const chromium = await engine
    const shown = schemes.shown(url)
    if (schemes.handlerOf(url) !== undefined) {
      // What the app is asked about is the page that comes.
      this.url = url
      // Only the type of `asker` wants more than there is here.
      const asker = this as unknown as Contract
      await defaultSession.apply(chromium, asker, url, new URL(shown).origin)
    }
    this.loading = url
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', resolve))
    const { errorText } = await this.tell('Page.navigate', { url: shown })
    if (errorText !== undefined) throw new Error(`${errorText} loading '${url}'`)
    await loaded
  }

  reload(): void {
    this.loading = this.url
    this.tell('Page.reload', {}).catch(() => {})
  }

  forcefullyCrashRenderer(): void {
    this.tell('Page.crash', {}).catch(() => {})
  }

  send(channel: string, ...args: unknown[]): void {
    this.deliver({ channel, args })
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler
  }

  getURL(): string {
    return this.url
  }

  isDestroyed(): boolean {
    return this.options.isDestroyed()
  }

  close(): void {
    this.options.destroy()
  }

  /** Of the window's end. */
  async drop(): Promise<void> {
    await this.up.catch(() => {})
    const chromium = await engine
    await chromium.send('Target.closeTarget', { targetId: this.targetId }).catch(() => {})
  }

  private async open(): Promise<void> {
    const chromium = await engine
    const { targetId, sessionId } = await createPage(chromium, this.options.size)
    this.targetId = targetId
    this.sessionId = sessionId
    this.listen(chromium)
    await this.tell('Page.enable', {})
    await this.tell('Runtime.enable', {})
    await this.tell('Runtime.addBinding', { name: bindingName, executionContextName: worldName })
    await this.tell('Page.addScriptToEvaluateOnNewDocument', {
      source: `if (window === window.top) (${mainWorld.toString()})()`,
    })
    await this.tell('Page.addScriptToEvaluateOnNewDocument', {
      source: preloadSource(this.options.preload),
      worldName,
    })
    await this.tell('Fetch.enable', { patterns: [{ urlPattern: '*' }] })
  }

  private listen(chromium: Chromium): void {
    const on = <E extends keyof CdpEvents>(event: E, fn: (params: CdpEvents[E]) => void): void =>
      void onEvent(chromium, this.sessionId, event, fn)
    on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === worldName) this.isolated = context.id
    })
    on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === bindingName && executionContextId === this.isolated) this.hear(payload)
    })
    on('Fetch.requestPaused', (request) => {
      this.answer(request).catch((error: unknown) => {
        if (!this.isDestroyed()) process.stderr.write(`${String(error)}\n`)
      })
    })
    on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return
      this.frameId = frame.id
      this.url = schemes.real(frame.url)
    })
    on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (frameId !== this.frameId) return
      this.url = schemes.real(url)
      this.emit('did-navigate-in-page', {}, this.url, true)
    })
    on('Page.loadEventFired', () => {
      if (this.url !== 'about:blank') this.emit('did-finish-load')
    })
    on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 })
    })
  }

  /** One request of the page: a navigation is asked about first, then the app's own scheme is served. */
  private async answer(request: CdpEvents['Fetch.requestPaused']): Promise<void> {
    const { requestId } = request
    const url = schemes.real(request.request.url)
    if (request.resourceType === 'Document' && this.isForbidden(url, request.frameId)) {
      await this.tell('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
      return
    }
    const handler = schemes.handlerOf(url)
    if (handler === undefined) {
      allowFrame(request.frameId)
      await this.tell('Fetch.continueRequest', { requestId })
      return
    }
    const { method, headers, postData } = request.request
    const body = postData === undefined ? {} : { body: postData }
    const response = await handler(new Request(url, { method, headers, ...body }))
    await this.tell('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    })
  }

  private isForbidden(url: string, frameId: string): boolean {
    const isMainFrame = frameId === this.frameId || this.frameId === ''
    if (isMainFrame && withoutFragment(url) === withoutFragment(this.loading ?? '')) {
      this.loading = undefined
      return false
    }
    if (this.emitPreventableWith('will-frame-navigate', { url, isMainFrame })) return true
    return isMainFrame && this.emitPreventableWith('will-navigate', { url, isMainFrame }, url)
  }

  private hear(payload: string): void {
    const message: Call | { open: string } = JSON.parse(payload)
    if ('open' in message) this.askToOpen(schemes.real(message.open))
    else void this.invoke(message)
  }

  private askToOpen(url: string): void {
    const { action } = this.openHandler({
      url,
      frameName: '',
      features: '',
      disposition: 'new-window',
      referrer: { url: this.url, policy: 'default' },
    })
    if (action !== 'deny') process.stderr.write(`${notImplemented('second window').message}\n`)
  }

  private async invoke({ id, channel, args }: Call): Promise<void> {
    const frame = strict('WebFrameMain', {
      url: this.url,
      origin: originOf(this.url),
      parent: null,
    })
    const event = strict('IpcMainInvokeEvent', { sender: this.view, senderFrame: frame })
    try {
      // Only the type wants more than there is here: what is touched beyond throws.
      const value = await ipcMain.invoke(channel, event as unknown as IpcMainInvokeEvent, args)
      this.deliver({ id, value })
    } catch (error) {
      this.deliver({ id, error: error instanceof Error ? error.message : String(error) })
    }
  }

  private deliver(message: object): void {
    const { isolated } = this
    if (isolated === undefined || this.isDestroyed()) return
    const expression = `__standInReceive(${JSON.stringify(message)})`
    this.tell('Runtime.evaluate', { expression, contextId: isolated }).catch(() => {})
  }

  private async tell<M extends keyof Commands>(
    method: M,
    params: Commands[M][0],
  ): Promise<Commands[M][1]> {
    const chromium = await engine
    return chromium.send(method, params, this.sessionId)
  }
}

interface Call {
  id: number
  channel: string
  args: unknown[]
}

function preloadSource(file: string | undefined): string {
  const source = file === undefined ? '' : fs.readFileSync(file, 'utf8')
  if (/^\s*(import|export)\s/m.test(source)) throw notImplemented('preload script as a module')
  const process = JSON.stringify({ platform: globalThis.process.platform, versions: {}, env: {} })
  const preload = `function (require, module, exports, process) { ${source}\n }`
  return `if (window === window.top) (${isolatedWorld.toString()})(${preload}, ${process}, '${bindingName}')`
}

/** Node's URL gives `null` for schemes that it does not know. */
function originOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/.exec(url)?.[0] ?? 'null'
}

function withoutFragment(url: string): string {
  return url.split('#', 1)[0] ?? ''
}
