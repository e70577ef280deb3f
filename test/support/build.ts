import { buildIfStale } from '../../scripts/build-if-stale.mjs'

/** Tests of the programs run the built files: built once for each run, and only if a source has changed. */
export function setup(): void {
  buildIfStale()
}
