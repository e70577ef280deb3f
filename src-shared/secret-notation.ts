/** How secrets may be. No schema: the window loads this. */

/** What stands in `${secret:NAME}`. */
export const secretNamePattern = /^[A-Za-z0-9_.-]{1,128}$/

/** Longer ones could not be masked in logs. */
export const maxSecretLength = 16 * 1024
