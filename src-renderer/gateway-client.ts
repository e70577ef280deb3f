import type { ApiAnswer, ApiEvent, GatewayApi } from '../src-shared/api.ts'
import { ApiError } from './api-error.ts'
import { httpCarrier } from './carriers/http-carrier.ts'
import type { Session } from './carriers/session.ts'

/** What carries calls and events: Electron's IPC or HTTP. No screen knows which one it has. */
export interface Carrier {
  call(name: string, input: unknown): Promise<ApiAnswer>
  onEvent(fn: (event: ApiEvent) => void): () => void
}

declare global {
  interface Window {
    /** Exposed by the desktop app's preload script. */
    openMcpGateway?: Carrier
  }
}

/** The gateway behind whatever carrier this window has. */
export function connectGateway(session: Session): GatewayApi {
  return gatewayOver(window.openMcpGateway ?? httpCarrier(session))
}

/** The typed client on a carrier. Calls reject with ApiError alone. */
function gatewayOver(carrier: Carrier): GatewayApi {
  return {
    async call(name, input) {
      let answer: ApiAnswer
      try {
        answer = await carrier.call(name, input)
      } catch (thrown) {
        throw thrown instanceof ApiError ? thrown : unreachable(thrown)
      }
      if ('error' in answer)
        throw new ApiError(answer.error.code, answer.error.message, answer.error.data)
      // The other end has made it from the same table.
      return answer.ok as Awaited<ReturnType<typeof this.call<typeof name>>>
    },
    onEvent: (fn) => carrier.onEvent(fn),
  }
}

function unreachable(cause: unknown): ApiError {
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return new ApiError(
    'unreachable',
    `The gateway did not answer${why}. It may be restarting. This window tries again on its own.`,
  )
}
