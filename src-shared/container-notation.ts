/** How sizes and volumes of `runtime: {type: docker}` are written. No schema: every start of the gateway loads this. */

// Without a flag: readers of the JSON Schema know none.
export const memoryPattern = /^(\d+(?:\.\d+)?)\s*([kmgKMG]?)(?:[iI]?[bB])?$/

/** The bytes of `512m`, `1.5g`, `536870912`; undefined for what is no such text. */
export function memoryBytes(written: string | undefined): number | undefined {
  const match = memoryPattern.exec(written ?? '')
  if (match === null) return undefined
  const [, amount, unit = ''] = match
  return Math.round(Number(amount) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase()))
}

/** `SOURCE:TARGET[:OPTIONS]`; a drive letter is part of the source. */
export const volumePattern =
  /^((?:[A-Za-z]:[\\/])?[^:]+):(\/[^:]*)(?::((?:ro|rw|z|Z|cached|delegated|consistent|U|[rs]?shared|[rs]?private|r?slave)(?:,[A-Za-z]+)*))?$/

/** `network`: another one's, so that nothing can be published there, nor names be added. */
export function isBorrowedNetwork(network: string | undefined): boolean {
  return /^(?:none|host|container:.*)$/.test(network ?? '')
}
