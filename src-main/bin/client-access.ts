import { z } from 'zod'
import { GatewayError } from '../../src-shared/errors.ts'
import { ClientRegister } from '../ai-clients/client-register.ts'
import { clientById } from '../ai-clients/client-table.ts'
import type { ClientAccess } from '../ai-clients/connections.ts'
import type { ClientTokens } from '../ai-clients/file-changes.ts'
import { runningGateway } from '../host/gateway-claim.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
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
      await revoked(running, key, id)
    },
  }
}

/** As the last gateway has written it down. */
export function lastSeen({ files }: Settings, id: string): string | null {
  const register = new ClientRegister({ stateDir: files.dir, log: silentLog, wall: Date.now })
  return register.use().get(id)?.lastSeen ?? null
}

/** One that the gateway does not know has nothing to lose. */
async function revoked(running: GatewayInfo, key: () => string, id: string): Promise<void> {
  await callGateway(running, key(), 'access.revoke', { id }).catch((error: unknown) => {
    if (!(error instanceof GatewayError) || error.code !== 'not_found') throw error
  })
}

const granted = z.object({ token: z.string() })

/** Tokens for HTTP entries: given by the gateway that runs, since an entry without one leads nowhere. */
export function tokensOf({ files }: Settings, key: () => string): ClientTokens {
  const running = runningGateway(files)
  return {
    issue: async ({ id, name }) => {
      if (running === undefined)
        throw new GatewayError('conflict', 'No gateway is running. Start it with gateway-http.')
      const answer = await callGateway(running, key(), 'access.grant', { id, name, token: true })
      return { id, token: granted.parse(answer).token }
    },
    revoke: async (id) => {
      if (running === undefined) {
        new ClientRegister({ stateDir: files.dir, log: silentLog, wall: Date.now }).endToken(id)
        return
      }
      // All ends with the token; by its name it may come again, for the entries that it still has.
      await revoked(running, key, id)
      const { name } = clientById(id)
      await callGateway(running, key(), 'access.grant', { id, name, token: false })
    },
  }
}
