import { GatewayError } from '../../src-shared/errors.ts'
import { systemClock, type Clock } from '../servers/clock.ts'
import type { RemoteAuthorization } from './remote-authorization.ts'
import { RemoteClient } from './remote-exchange.ts'
import { RemoteLink } from './remote-link.ts'
import { RemoteTarget } from './remote-target.ts'
import type { Launch, LaunchDefinition } from './runtime.ts'

export interface RemoteOptions {
  /** Who signs the requests to a server whose `headers` say nothing of it. */
  authorization?: (definition: LaunchDefinition) => RemoteAuthorization
  clock?: Clock
  /** Requests under way at once on one link; further ones wait in order. Default 10. */
  maxConnections?: number
  /** A larger message fails its request (`too_large`); the link lives. Default 64 MiB. */
  maxMessageBytes?: number
  /** Default 10 s. */
  connectTimeoutMs?: number
  /** How long an old HTTP+SSE server may take to name its endpoint. Default 10 s. */
  endpointTimeoutMs?: number
  /** The first pause before a broken stream is opened again. Default 1 s. */
  reconnectMs?: number
}

/**
 * Launches `remote-http` (Streamable HTTP) and `remote-sse` (the same, else the older HTTP+SSE). Connects with the
 * first message; before that, only a URL or header that can never work rejects (GatewayError `server_failed`).
 */
export function createRemoteLaunch(options: RemoteOptions = {}): Launch {
  return async (definition, events, signal) => {
    const { serverId, runtime } = definition
    if (runtime.type !== 'remote-http' && runtime.type !== 'remote-sse') {
      throw new GatewayError('internal', `${serverId} is no remote server but ${runtime.type}.`)
    }
    const target = new RemoteTarget(serverId, runtime.url, runtime.headers)
    // Loaded by the first remote server, not by every start of the gateway.
    const { createParser } = await import('eventsource-parser')
    if (signal.aborted) {
      throw new GatewayError('cancelled', `${serverId}: the start was given up.`)
    }
    const clock = options.clock ?? systemClock
    const client = new RemoteClient(target, {
      clock,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      authorization:
        target.headers['authorization'] === undefined
          ? options.authorization?.(definition)
          : undefined,
    })
    const context = {
      target,
      client,
      clock,
      createSseParser: createParser,
      maxConnections: options.maxConnections ?? 10,
      maxMessageBytes: options.maxMessageBytes ?? 64 * 1024 * 1024,
      endpointTimeoutMs: options.endpointTimeoutMs ?? 10_000,
      reconnectMs: options.reconnectMs ?? 1_000,
    }
    return new RemoteLink(context, events, runtime.type === 'remote-sse')
  }
}
