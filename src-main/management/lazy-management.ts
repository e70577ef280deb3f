import type { ApiEvent } from '../../src-shared/api.ts'
import type { ManagementOptions } from './context.ts'
import type { Management } from './management.ts'

/** The management API, loaded at its first use: most gateways are never looked at. */
export function lazyManagement(options: () => ManagementOptions): Management {
  let ready: Promise<Management> | undefined
  const load = (): Promise<Management> => {
    ready ??= import('./management.ts').then(({ createManagement }) => createManagement(options()))
    return ready
  }
  return {
    call: async (...call) => (await load()).call(...call),
    onEvent(fn: (event: ApiEvent) => void, caller) {
      let isWanted = true
      let end = (): void => {}
      // A program that lacks its own files cannot go on: this is to be an unhandled rejection.
      void load().then((management) => {
        if (isWanted) end = management.onEvent(fn, caller)
      })
      return () => {
        isWanted = false
        end()
      }
    },
  }
}
