import { contextBridge, ipcRenderer } from 'electron'
import type { ApiAnswer, ApiEvent } from '../../src-shared/api.ts'

/** All that the window has of this app: one call, one stream of events. */
contextBridge.exposeInMainWorld('openMcpGateway', {
  call: (name: string, input: unknown): Promise<ApiAnswer> =>
    ipcRenderer.invoke('call', name, input),
  onEvent: (fn: (event: ApiEvent) => void): (() => void) => {
    const listener = (_event: unknown, events: readonly ApiEvent[]): void => {
      for (const event of events) fn(event)
    }
    ipcRenderer.on('event', listener)
    return () => void ipcRenderer.off('event', listener)
  },
})
