import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { z } from 'zod'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { contentSecurityPolicy } from './content-security-policy.ts'
import type { DashboardSessions } from './dashboard-sessions.ts'
import type { UiHandler } from './listener.ts'
import { errorBody, errorHeaders, sendJson } from './respond.ts'
import { readJson } from './rest-request.ts'

export interface UiOptions {
  /** The built dashboard; undefined or empty if it was not built. */
  folder: string | undefined
  sessions: DashboardSessions
}

const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** As vite names them: `index-DiwrgTda.js`. Another content has another name. */
const isHashed = /^assets\/.+-[\w-]{8}\.\w+$/

const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Open MCP Gateway</title>
<h1>The dashboard is not here</h1>
<p>The gateway runs, but it was built without its dashboard. Run <code>npm run build</code> in its folder, then load this page again.</p>
</html>
`

const bodyLimitBytes = 4 * 1024
const session = z.strictObject({ code: z.string().max(200) })

/**
 * The dashboard's files under `/ui/`, for everybody, since they carry no data, and `POST /ui/session`, which exchanges
 * the code of a one-time link for a bearer. The listener has checked Host and Origin.
 */
export function createUi({ folder, sessions }: UiOptions): UiHandler {
  /** Only what was found in the folder can be asked for: no name of a request ever becomes a path. */
  let files = new Map<string, string>()

  async function find(name: string): Promise<string | undefined> {
    // Anew for what is not known: the dashboard may have been built meanwhile.
    if (!files.has(name) && folder !== undefined) files = await filesIn(folder)
    return files.get(name)
  }

  async function page(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [url = ''] = (request.url ?? '').split('?', 1)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new GatewayError('method_not_allowed', 'Only GET is allowed on /ui/.')
    if (url === '/' || url === '/ui') {
      response.writeHead(302, { ...pageHeaders, location: '/ui/', 'content-length': 0 }).end()
      return
    }
    const asked = url.slice('/ui/'.length)
    const name = asked === '' ? 'index.html' : asked
    const file = await find(name)
    if (file !== undefined) {
      const cache = isHashed.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'
      const type = types[path.extname(name)] ?? 'application/octet-stream'
      send(response, 200, await readFile(file), { 'content-type': type, 'cache-control': cache })
    } else if (name === 'index.html') {
      const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
      send(response, 503, Buffer.from(notBuilt), headers)
    } else throw new GatewayError('not_found', 'The dashboard has no such file.')
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST')
      throw new GatewayError('method_not_allowed', 'Only POST is allowed on /ui/session.')
    const body = session.safeParse(await readJson(request, bodyLimitBytes))
    if (!body.success) throw new GatewayError('bad_request', 'Send {"code": …}.')
    sendJson(response, 200, { token: sessions.exchange(body.data.code) }, pageHeaders)
  }

  return (request, response) => {
    const isSession = (request.url ?? '').split('?', 1)[0] === '/ui/session'
    const answer = isSession ? exchange(request, response) : page(request, response)
    answer.catch((thrown: unknown) => {
      const error =
        thrown instanceof GatewayError
          ? thrown
          : new GatewayError('internal', 'The file cannot be read.', { cause: thrown })
      if (response.headersSent) response.destroy()
      else
        sendJson(response, error.status, errorBody(error), {
          ...errorHeaders(asGatewayError(error)),
          ...pageHeaders,
          ...(error.code === 'method_not_allowed'
            ? { allow: isSession ? 'POST' : 'GET, HEAD' }
            : {}),
        })
    })
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { ...pageHeaders, 'content-length': body.length, ...headers })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** Path by name, with `/`; links are not followed. */
async function filesIn(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name)
        return [path.relative(folder, file).split(path.sep).join('/'), file]
      }),
  )
}
