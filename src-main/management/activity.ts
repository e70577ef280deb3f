import { GatewayError } from '../../src-shared/errors.ts'
import type { History } from '../telemetry/history.ts'
import type { Calls } from './calls.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `activity.*`. */
export function activityProcedures(
  { gateway: { history } }: Parts,
  calls: Calls,
): ProceduresOf<'activity'> {
  return {
    'activity.list': (filter) =>
      history?.list(filter) ?? { enabled: false, entries: [], more: false, skipped: 0 },
    'activity.get': ({ id }) => kept(history).get(id),
    'activity.replay': async ({ id, call_id }, context) => {
      const { serverId, method, params = '{}' } = await kept(history).pastRequest(id)
      return calls.call({ serverId, callId: call_id, method, params }, context)
    },
    'activity.clear': async () => {
      await history?.clear()
      return {}
    },
  }
}

function kept(history: History | undefined): History {
  if (history !== undefined) return history
  throw new GatewayError(
    'not_found',
    'No requests are kept. Turn the history on in the settings (history: true), and start the gateway anew.',
  )
}
