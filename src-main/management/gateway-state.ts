import type { GatewayInfoView } from '../../src-shared/api.ts'
import { version } from '../version.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** What the gateway says of itself. */
export function infoOf({ gateway, redact, url }: Omit<Parts, 'tell'>): GatewayInfoView {
  const { sessions, total_requests, last_reload } = gateway.stats()
  return {
    version,
    url: url(),
    pid: process.pid,
    started_at: gateway.startedAt,
    platform: process.platform,
    state_dir: gateway.stateDir,
    catalog_path: gateway.catalogPath,
    paused: gateway.isPaused,
    sessions,
    total_requests,
    last_reload: { ...last_reload, errors: last_reload.errors.map(redact) },
  }
}

/** `gateway.*`, `dashboard.*`. */
export function gatewayProcedures(
  parts: Parts,
): ProceduresOf<'gateway'> & ProceduresOf<'dashboard'> {
  const { gateway } = parts
  return {
    'gateway.info': () => infoOf(parts),
    'gateway.pause': async () => {
      await gateway.pause()
      return infoOf(parts)
    },
    'gateway.resume': () => {
      gateway.resume()
      return infoOf(parts)
    },
    'dashboard.link': () => parts.dashboardLink(),
  }
}
