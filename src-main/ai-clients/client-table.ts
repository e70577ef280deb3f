import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientDefinition } from './client-definition.ts'
import { desktopClients } from './clients-desktop.ts'
import { terminalClients } from './clients-terminal.ts'

/** Every AI client that is known. */
export const clientTable: readonly ClientDefinition[] = [...desktopClients, ...terminalClients]

/** Throws GatewayError `not_found`, which names the nearest one. */
export function clientById(id: string): ClientDefinition {
  const found = clientTable.find((client) => client.id === id)
  if (found !== undefined) return found
  throw new GatewayError(
    'not_found',
    `There is no AI client '${id.slice(0, 64)}'. See gateway clients list --all for those that are known.`,
  )
}
