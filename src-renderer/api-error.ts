/** What a procedure rejects with. `code` is of the registry in `src-shared/errors.ts`, or one of the carrier's own. */
export class ApiError extends Error {
  /** `unreachable`: no answer came; everything else is the gateway's. */
  readonly code: string
  readonly data: unknown

  constructor(code: string, message: string, data?: unknown) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.data = data
  }
}

/** Any thrown value in words. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
