/** One search parameter as text, if it is there: `{q?: string}` from `text(search, 'q')`. */
export function text<K extends string>(
  search: Record<string, unknown>,
  key: K,
): { [key in K]?: string } {
  const value = search[key]
  const one: { [key in K]?: string } = {}
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    one[key] = String(value)
  return one
}
