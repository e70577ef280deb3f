/** Anything that a server gave, as text: what is no text is JSON. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value)
}
