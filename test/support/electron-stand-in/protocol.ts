import type { CustomScheme, Protocol } from 'electron'
import { notImplemented } from './strict.ts'

type Handler = Parameters<Protocol['handle']>[1]

/**
 * Chromium itself cannot be taught a scheme from outside, so `app://host/` is shown as `https://host.app.stand-in.invalid/`
 * and translated back wherever the app looks.
 */
const suffix = 'stand-in.invalid'

/** Custom schemes: pages of one are served by the app's handler and never reach a network. */
export class CustomSchemes implements Pick<Protocol, 'registerSchemesAsPrivileged' | 'handle'> {
  isReady = false
  private readonly standard = new Set<string>()
  private readonly handlers = new Map<string, Handler>()

  registerSchemesAsPrivileged(schemes: CustomScheme[]): void {
    if (this.isReady)
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    for (const { scheme, privileges } of schemes) {
      if (privileges?.standard !== true || privileges.secure !== true)
        throw notImplemented('scheme that is not standard and secure')
      this.standard.add(scheme)
    }
  }

  handle(scheme: string, handler: Handler): void {
    if (!this.isReady) throw new Error('protocol.handle cannot be used before app is ready')
    if (!this.standard.has(scheme)) throw notImplemented(`scheme ${scheme} without privileges`)
    if (this.handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    this.handlers.set(scheme, handler)
  }

  handlerOf(url: string): Handler | undefined {
    return this.handlers.get(url.slice(0, url.indexOf(':')))
  }

  /** What Chromium is told for the app's address. */
  shown(url: string): string {
    const [, scheme = '', host, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(url) ?? []
    return this.standard.has(scheme) ? `https://${host}.${scheme}.${suffix}${rest}` : url
  }

  /** And back. */
  real(url: string): string {
    const [, host, scheme, rest] =
      /^https:\/\/([^/?#]*)\.([a-z0-9+-]+)\.stand-in\.invalid(.*)$/s.exec(url) ?? []
    return scheme !== undefined && this.standard.has(scheme) ? `${scheme}://${host}${rest}` : url
  }
}

export const schemes = new CustomSchemes()
