/** The system's word (`ENOENT`) for what went wrong, if it was the system. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}

/** True if the file, or a folder on the way to it, does not exist. */
export function isAbsent(thrown: unknown): boolean {
  const code = errorCode(thrown)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
