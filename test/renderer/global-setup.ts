import { setup } from '../support/build.ts'

/** Builds what is stale; not with PREBUILT=1, for whoever has just built the window alone (`npm run build:window`). */
export default function buildOnce(): void {
  if (process.env['PREBUILT'] === undefined) setup()
}
