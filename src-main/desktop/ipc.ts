import { ipcMain } from 'electron'
import type { BrowserWindow, IpcMainInvokeEvent } from 'electron'
import type { ApiAnswer, ApiEvent } from '../../src-shared/api.ts'
import { appOrigin } from './app-protocol.ts'

/** What answers the window. */
export interface WindowApi {
  /** `name` and `input` as they came: unchecked. Never rejects. */
  answer(name: unknown, input: unknown): Promise<ApiAnswer>
  onEvent(fn: (event: ApiEvent) => void): () => void
}

/** Events go out together, a frame's worth at a time: a chatty server must not fill the channel. */
const batchMs = 16

/**
 * The window's whole interface to this process: one handler, `call`, and one channel, `event`. Only our window's own
 * page is answered.
 */
export function setupIpc(api: WindowApi, window: () => BrowserWindow | undefined): void {
  ipcMain.handle('call', (event, name: unknown, input: unknown): Promise<ApiAnswer> => {
    if (isOurPage(event, window())) return api.answer(name, input)
    const message = 'Only the window of Open MCP Gateway is answered.'
    return Promise.resolve({ error: { code: 'forbidden', message } })
  })
  let batch: ApiEvent[] = []
  api.onEvent((event) => {
    batch.push(event)
    if (batch.length > 1) return
    setTimeout(() => {
      const events = batch
      batch = []
      const target = window()
      if (target !== undefined && !target.webContents.isDestroyed())
        target.webContents.send('event', events)
    }, batchMs)
  })
}

/** The main frame of our window, showing our page. A frame that is already gone is none. */
function isOurPage(event: IpcMainInvokeEvent, window: BrowserWindow | undefined): boolean {
  const { sender, senderFrame } = event
  return (
    window !== undefined &&
    sender === window.webContents &&
    senderFrame !== null &&
    senderFrame.parent === null &&
    senderFrame.origin === appOrigin
  )
}
