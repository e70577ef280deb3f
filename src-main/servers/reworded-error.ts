import { GatewayError } from '../../src-shared/errors.ts'

/** The same error with another message. */
export function reworded(error: GatewayError, message: string): GatewayError {
  if (message === error.message) return error
  const { code, retryAfterSeconds, data } = error
  return new GatewayError(code, message, {
    cause: error.cause,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(data === undefined ? {} : { data }),
  })
}
