/** Milliseconds of a clock that only goes forward. `performance` would load ten modules of Node: half a megabyte a shim. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
