import fs from 'node:fs/promises'
import path from 'node:path'
import { protocol } from 'electron'
import { contentSecurityPolicy } from '../http/content-security-policy.ts'
import { uiFolder } from './app-files.ts'

/** Where the window comes from: `app://gateway/`, an origin that no web page and no file has. */
const scheme = 'app'
const host = 'gateway'
export const appOrigin = `${scheme}://${host}`
export const appUrl = `${appOrigin}/`

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Before `ready`. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

export function setupAppProtocol(): void {
  const folder = uiFolder()
  protocol.handle(scheme, (request) => serve(folder, request))
}

/** One file below `folder`; nothing else is ever read. */
async function serve(folder: string, { url, method }: Request): Promise<Response> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET.')
  const file = fileOf(folder, url)
  const type = file === undefined ? undefined : types[path.extname(file)]
  if (file === undefined || type === undefined) return plain(404, 'There is no such file.')
  try {
    const content = await fs.readFile(file)
    return new Response(new Uint8Array(content), { headers: headers(type) })
  } catch {
    return plain(404, 'There is no such file.')
  }
}

/** Undefined for what does not lie in the folder. */
function fileOf(folder: string, url: string): string | undefined {
  try {
    const { host: asked, pathname } = new URL(url)
    if (asked !== host) return undefined
    const name = decodeURIComponent(pathname)
    if (name.includes('\0') || name.includes('\\')) return undefined
    const file = path.join(folder, name === '/' ? 'index.html' : name)
    return file.startsWith(folder + path.sep) ? file : undefined
  } catch {
    return undefined
  }
}

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: headers('text/plain; charset=utf-8') })
}

function headers(type: string): Record<string, string> {
  return {
    'Content-Type': type,
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  }
}
