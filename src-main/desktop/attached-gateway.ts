import type { ProcedureName } from '../../src-shared/api.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import type { Settings } from '../host/settings.ts'
import { readKey } from '../http/api-key.ts'
import { createRemoteApi } from '../management/remote-api.ts'
import { silentLog } from '../telemetry/log.ts'
import type { AttachedGateway } from './gateway-link.ts'

/**
 * A gateway that a person or the system runs, over HTTP, with the key that this user's gateway has. Rejects with
 * GatewayError if it does not take us in.
 */
export async function attachGateway(
  settings: Settings,
  { url }: GatewayInfo,
): Promise<AttachedGateway> {
  const api = createRemoteApi({ url, key: () => keyOf(settings) })
  try {
    await api.call('gateway.info', {})
  } catch (error) {
    api.close()
    throw error
  }
  return {
    // The window's own names were looked up in the table before.
    call: (name, input) => api.call(name as ProcedureName, input as never),
    onEvent: (fn) => api.onEvent(fn),
    leave: () => api.close(),
  }
}

/** Read anew each time: it may have been rotated. */
function keyOf({ config, files }: Settings): string | undefined {
  if (config.auth === 'none') return undefined
  return config.api_key ?? (process.env['MCP_GATEWAY_API_KEY'] || readKey(files.dir, silentLog))
}
