import { GatewayError } from '../../src-shared/errors.ts'
import { ClientRegister } from '../ai-clients/client-register.ts'
import type { ClientAccess } from '../ai-clients/connections.ts'
import { runningGateway } from '../host/gateway-claim.ts'
import type { Settings } from '../host/settings.ts'
import { silentLog } from '../telemetry/log.ts'
import { callGateway } from './gateway-request.ts'

/** The gateway that runs is told who may come; without one it is written down for the next. */
export function accessOf({ files }: Settings, key: () => string): ClientAccess {
  const running = runningGateway(files)
  const register = (): ClientRegister =>
    new ClientRegister({ stateDir: files.dir, log: silentLog, wall: Date.now })
  return {
    connected: async ({ id, name }) => {
      if (running) await callGateway(running, key(), 'access.grant', { id, name, token: false })
      else register().grant(id, name, false)
    },
    disconnected: async (id) => {
      if (!running) return register().revokeKnown(id)
      // One that the gateway does not know has nothing to lose.
      await callGateway(running, key(), 'access.revoke', { id }).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.code !== 'not_found') throw error
      })
    },
  }
}
