import { GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from './clock.ts'
import type { RestartPolicy } from './restart-policy.ts'
import type { Server } from './server.ts'
import type { Slot } from './slot.ts'

/** Whatever keeps this slot of a server from being started now; undefined if nothing does. */
export function startRefusal(
  server: Server,
  slot: Slot,
  clock: Clock,
  maxInstances: number,
): GatewayError | undefined {
  const { id, policy } = server
  if (!server.definition.enabled)
    return new GatewayError(
      'server_disabled',
      `${id} is disabled in the catalog. Set \`enabled: true\` to use it.`,
    )
  if (server.isPaused) return pausedError()
  const misconfigured = misconfigurationError(server)
  if (misconfigured) return misconfigured
  const signIn = server.signIn?.gate
  if (signIn?.kind === 'closed') return signIn.error
  const gate = policy.gate(clock.now())
  if (gate.kind === 'circuit') return circuitError(id, policy, clock, gate.ms)
  const usable = server.slots.filter(({ instance }) => instance?.usable)
  // One try at a time: the others learn from it.
  if (policy.isTripped && usable.some(({ instance }) => instance?.phase !== 'ready'))
    return circuitError(id, policy, clock, 1_000)
  if (slot.owner && usable.filter(({ owner }) => owner).length >= maxInstances)
    return new GatewayError(
      'too_many',
      `${id} has ${maxInstances} instances, one a session, and takes no more. ` +
        'Close a client, or raise max_connections_per_server.',
    )
  return undefined
}

export function pausedError(): GatewayError {
  return new GatewayError('paused', 'The gateway is paused. Resume it in the tray or the window.')
}

export function misconfigurationError(server: Server): GatewayError | undefined {
  const why = server.misconfiguration
  if (why === undefined) return undefined
  return new GatewayError('server_failed', `${server.id} cannot start. ${why}`)
}

function circuitError(
  serverId: string,
  policy: RestartPolicy,
  clock: Clock,
  ms: number,
): GatewayError {
  const at = new Date(clock.wall() + ms).toISOString()
  return new GatewayError(
    'circuit_open',
    `${serverId} has failed ${policy.failures} times in a row and is not started before ${at}. ` +
      `Last error: ${policy.lastError ?? 'unknown.'} Start it by hand to try now.`,
    { retryAfterSeconds: Math.ceil(ms / 1000) },
  )
}
