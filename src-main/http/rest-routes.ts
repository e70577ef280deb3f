import { getRequestListener, RequestError } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type Context } from 'hono'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../../src-shared/errors.ts'
import type { GatewayEvent, ServerSummary } from '../../src-shared/server-state.ts'
import type { ReloadResult } from '../catalog/catalog-in-force.ts'
import type { Gateway } from '../gateway.ts'
import type { Log } from '../telemetry/log.ts'
import { metricsContentType, renderMetrics } from '../telemetry/metrics.ts'
import type { Redactor } from '../telemetry/redact.ts'
import { EventStreams, type EventStreamLimits } from './events-stream.ts'
import type { RestHandler } from './listener.ts'
import { followLogs } from './log-follower.ts'
import { errorBody, safeHeaders, sendError, sendJson } from './respond.ts'
import { ifMatch, readCatalogText, readJsonObject } from './rest-request.ts'

export interface RestOptions {
  gateway: Gateway
  log: Log
  redactor: Pick<Redactor, 'redact'>
  streamLimits?: Partial<EventStreamLimits>
}

interface Env {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse }
}
type Handler = (context: Context<Env>) => Response | Promise<Response>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Every route of product.md 4 but MCP and `/health`. Loaded on the first request that needs it. */
export function createRest(options: RestOptions): RestHandler {
  const { gateway, log } = options
  const redact = (text: string): string => options.redactor.redact(text)
  const streams = new EventStreams(options.streamLimits)
  const shown = <T extends ServerSummary>(server: T): T => ({
    ...server,
    reason: redact(server.reason),
  })

  const routes: Record<string, Partial<Record<Method, Handler>>> = {
    '/servers': {
      GET: (context) => context.json(gateway.listServers(context.req.query('tag')).map(shown)),
    },
    '/servers/:id': {
      GET: (context) => {
        const server = gateway.server(idOf(context))
        const { last_error: error, warnings } = server
        return context.json({
          ...shown(server),
          last_error: error === null ? null : redact(error),
          warnings: warnings.map(redact),
        })
      },
    },
    '/servers/:id/start': {
      POST: async (context) => acted(context, await gateway.start(idOf(context))),
    },
    '/servers/:id/stop': {
      POST: async (context) => acted(context, await gateway.stop(idOf(context))),
    },
    '/servers/:id/restart': {
      POST: async (context) => acted(context, await gateway.restart(idOf(context))),
    },
    '/servers/:id/logs': {
      GET: (context) => {
        const id = idOf(context)
        const lines = gateway.logs(id)
        const follow = context.req.query('follow')
        if (follow === undefined || follow === '0' || follow === 'false') return context.json(lines)
        return stream(context, (events) => {
          followLogs(gateway, id, events, Number(context.env.incoming.headers['last-event-id']))
        })
      },
    },
    '/catalog': {
      GET: async (context) => {
        const { text, etag } = await gateway.catalog.read()
        return context.body(text, 200, { 'content-type': 'text/yaml; charset=utf-8', etag })
      },
      PUT: async (context) => {
        const text = await readCatalogText(context.env.incoming)
        return edited(context, await gateway.catalog.replace(text, ...(await matching(context))))
      },
    },
    '/catalog/servers': {
      POST: async (context) => {
        const entry = await readJsonObject(context.env.incoming)
        return edited(
          context,
          await gateway.catalog.addServer(entry, ...(await matching(context))),
          201,
        )
      },
    },
    '/catalog/servers/:id': {
      PATCH: async (context) => {
        const patch = await readJsonObject(context.env.incoming)
        const ifMatches = await matching(context)
        return edited(
          context,
          await gateway.catalog.patchServer(idOf(context), patch, ...ifMatches),
        )
      },
      DELETE: async (context) => {
        const ifMatches = await matching(context)
        return edited(context, await gateway.catalog.removeServer(idOf(context), ...ifMatches))
      },
    },
    '/stats': {
      GET: (context) => {
        const stats = gateway.stats()
        const { last_reload: reload } = stats
        return context.json({
          ...stats,
          last_reload: { ...reload, errors: reload.errors.map(redact) },
        })
      },
    },
    '/metrics': {
      GET: (context) => {
        const { rss, heapUsed } = process.memoryUsage()
        const { user, system } = process.cpuUsage()
        const text = renderMetrics(gateway.stats(), {
          residentBytes: rss,
          heapBytes: heapUsed,
          cpuSeconds: (user + system) / 1e6,
        })
        return context.body(text, 200, { 'content-type': metricsContentType })
      },
    },
    '/admin/reload': {
      POST: async (context) => context.json(reloaded(await gateway.reload())),
    },
    '/events': {
      GET: (context) =>
        stream(context, (events) => {
          events.onClose(gateway.onEvent((event) => events.send(event.type, shownEvent(event))))
        }),
    },
    // The listener takes POST /rpc before it comes here.
    '/rpc': { POST: () => notFound('POST', '/rpc') },
  }

  function shownEvent(event: GatewayEvent): GatewayEvent {
    if (event.type === 'state') return { ...event, server: shown(event.server) }
    if (event.type === 'reload' && !event.ok) return { ...event, errors: event.errors.map(redact) }
    return event // log lines were masked before they were kept
  }

  function acted(context: Context<Env>, { id, status, reason }: ServerSummary): Response {
    const why = reason === '' ? '' : ` (${redact(reason)})`
    return context.json({ id, status, message: `Server '${id}' is ${status}${why}.` })
  }

  /** The first of the If-Match tags that is current, so that a list of them works; else one that is not. */
  async function matching(context: Context<Env>): Promise<[string] | []> {
    const tags = ifMatch(context.env.incoming)
    if (tags === undefined) return []
    const [first = '', ...others] = tags
    if (others.length === 0) return [first]
    const { etag } = await gateway.catalog.read()
    return [tags.includes(etag) ? etag : first]
  }

  function stream(
    context: Context<Env>,
    begin: (events: ReturnType<EventStreams['open']>) => void,
  ): Response {
    if (context.env.incoming.method === 'HEAD') {
      return context.body(null, 200, { 'content-type': 'text/event-stream' })
    }
    begin(streams.open(context.env.outgoing))
    return RESPONSE_ALREADY_SENT
  }

  const app = new Hono<Env>()
  app.use(async (context, next) => {
    await next()
    // An answer that went out by itself has them already.
    if (context.res === RESPONSE_ALREADY_SENT) return
    for (const [name, value] of Object.entries(safeHeaders)) context.header(name, value)
  })
  for (const [path, handlers] of Object.entries(routes)) {
    for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler)
    const allow = Object.keys(handlers).flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : each))
    app.all(path, ({ env: { outgoing }, req }) => {
      const message = `${req.method} is not allowed on ${req.path}. Allowed: ${allow.join(', ')}.`
      const error = new GatewayError('method_not_allowed', message)
      sendJson(outgoing, error.status, errorBody(error, redact), { allow: allow.join(', ') })
      return RESPONSE_ALREADY_SENT
    })
  }
  app.notFound(({ req }) => notFound(req.method, req.path))
  app.onError((error, { env: { incoming, outgoing } }) => {
    sendError(outgoing, publicError(error, incoming, log), redact)
    return RESPONSE_ALREADY_SENT
  })

  return (incoming, outgoing) => {
    const listener = getRequestListener((request) => app.fetch(request, { incoming, outgoing }), {
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      errorHandler: (error) => {
        sendError(outgoing, publicError(error, incoming, log), redact)
        return RESPONSE_ALREADY_SENT
      },
    })
    listener(incoming, outgoing).catch((error: unknown) => {
      sendError(outgoing, publicError(error, incoming, log), redact)
    })
  }
}

/** What is not meant for the caller stays in the log. */
function publicError(error: unknown, { method, url }: IncomingMessage, log: Log): GatewayError {
  if (error instanceof GatewayError) return error
  // The request line or Host makes no URL.
  if (error instanceof RequestError)
    return new GatewayError('bad_request', `The request cannot be understood: ${error.message}.`)
  log.error({ error, method, url }, 'A request failed in the gateway.')
  return new GatewayError('internal', 'The gateway failed to answer. Its log says why.')
}

function notFound(method: string, path: string): never {
  throw new GatewayError('not_found', `There is no route ${method} ${path.slice(0, 200)}.`)
}

function idOf(context: Context<Env>): string {
  return context.req.param('id') ?? ''
}

function edited(
  context: Context<Env>,
  { etag, reload }: { etag: string; reload: ReloadResult },
  status: 200 | 201 = 200,
): Response {
  return context.json(reloaded(reload), status, { etag })
}

function reloaded(result: ReloadResult): ReloadResult & { status: 'ok'; message: string } {
  const counts = [
    `${result.servers_added.length} added`,
    `${result.servers_removed.length} removed`,
    `${result.servers_changed.length} changed`,
  ]
  const message = `${result.servers_loaded} servers loaded: ${counts.join(', ')}.`
  return { status: 'ok', message, ...result }
}
