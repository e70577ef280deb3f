import { app, session, shell } from 'electron'
import type { WebContents } from 'electron'
import { clientTable } from '../ai-clients/client-table.ts'
import { appOrigin, appUrl } from './app-protocol.ts'

/**
 * The one place that decides what a page may do beside showing itself: it goes nowhere, opens nothing, embeds nothing,
 * and gets no permission but to copy. Links to the web open in the user's browser, those that add us to an AI client in
 * that client. For every page of the app, whoever
 * makes it. Before the first window.
 */
export function setupNavigation(): void {
  app.on('web-contents-created', (_event, contents) => lock(contents))
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((contents, permission, callback) =>
    callback(isAllowed(permission, contents.getURL())),
  )
  defaultSession.setPermissionCheckHandler((contents, permission, origin) =>
    isAllowed(permission, contents?.getURL() ?? origin),
  )
  defaultSession.setDevicePermissionHandler(() => false)
}

function lock(contents: WebContents): void {
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
  contents.on('will-frame-navigate', (event) => {
    // Reloading itself is no navigation.
    if (event.isMainFrame && isSamePage(event.url, contents.getURL())) return
    event.preventDefault()
    if (event.isMainFrame) openOutside(event.url)
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

function isSamePage(target: string, current: string): boolean {
  const page = (url: string): string => url.split('#', 1)[0] ?? ''
  return target.startsWith(appUrl) && page(target) === page(current)
}

function openOutside(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return
  // What pretends to be another site, `https://bank.example@evil.example`.
  if (url.username !== '' || url.password !== '') return
  // Only web addresses: other schemes start programs. Those of AI clients ask their user before they add a server.
  const mayOpen = url.protocol === 'https:' || url.protocol === 'http:' || opensClient(url.href)
  // There may be no browser; the window is none the worse for it.
  if (mayOpen) shell.openExternal(url.href).catch(() => {})
}

function opensClient(href: string): boolean {
  return clientTable.some(({ link }) => {
    const start = link?.template.split('{', 1)[0]
    return start !== undefined && href.startsWith(start)
  })
}

function isAllowed(permission: string, url: string): boolean {
  return permission === 'clipboard-sanitized-write' && url.startsWith(`${appOrigin}/`)
}
