import type { IpcMain, IpcMainInvokeEvent } from 'electron'

type Listener = Parameters<IpcMain['handle']>[1]

/** `invoke` and `handle` alone: an app that listens to other messages would be told so by the type. */
export class InvokeHandlers implements Pick<IpcMain, 'handle' | 'removeHandler'> {
  private readonly handlers = new Map<string, Listener>()

  handle(channel: string, listener: Listener): void {
    if (this.handlers.has(channel))
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.handlers.set(channel, listener)
  }

  removeHandler(channel: string): void {
    this.handlers.delete(channel)
  }

  /** Rejects as Electron does, with the channel's name in front. */
  async invoke(channel: string, event: IpcMainInvokeEvent, args: unknown[]): Promise<unknown> {
    const handler = this.handlers.get(channel)
    const failed = `Error invoking remote method '${channel}': `
    if (handler === undefined)
      throw new Error(`${failed}Error: No handler registered for '${channel}'`)
    try {
      const answer: unknown = await handler(event, ...args)
      return answer
    } catch (error) {
      throw new Error(failed + String(error), { cause: error })
    }
  }
}

export const ipcMain = new InvokeHandlers()
