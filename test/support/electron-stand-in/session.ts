import type { Session } from 'electron'
import type { Chromium } from './chromium.ts'
import { strict } from './strict.ts'

type RequestHandler = Parameters<Session['setPermissionRequestHandler']>[0]
type CheckHandler = Parameters<Session['setPermissionCheckHandler']>[0]
type Asker = Parameters<NonNullable<RequestHandler>>[0]

/** Electron's word for a permission, and the web's. */
const permissions = [
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
] as const

export class DefaultSession implements Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
> {
  private request: RequestHandler = null
  private check: CheckHandler = null

  setPermissionRequestHandler(handler: RequestHandler): void {
    this.request = handler
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    this.check = handler
  }

  /** No device is ever offered here. */
  setDevicePermissionHandler(): void {}

  /**
   * Asks the app once for each permission when a page of `origin` comes up, and tells Chromium. Without handlers all
   * is granted, as in Electron.
   */
  async apply(chromium: Chromium, asker: Asker, url: string, origin: string): Promise<void> {
    for (const [permission, name] of permissions) {
      const details = { isMainFrame: true, requestingUrl: url }
      const isChecked = this.check?.(asker, permission, url, details) ?? true
      const isGranted =
        isChecked &&
        (await new Promise<boolean>((resolve) => {
          if (this.request === null) resolve(true)
          else this.request(asker, permission, resolve, details)
        }))
      const setting = isGranted ? 'granted' : 'denied'
      await chromium.send('Browser.setPermission', { permission: { name }, setting, origin })
    }
  }
}

export const defaultSession = new DefaultSession()
export const session = strict('session', { defaultSession: strict('Session', defaultSession) })
