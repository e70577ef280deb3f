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

/** The same search with one parameter set, or without it if there is no value. */
export function withParam<S extends object, K extends keyof S>(
  search: S,
  key: K,
  value: S[K] | undefined,
): S {
  const next = { ...search }
  if (value === undefined) delete next[key]
  else next[key] = value
  return next
}
