import fs from 'node:fs'
import path from 'node:path'
import { prepareFolder } from '../state-dir.ts'

/** How a client starts the shim: an absolute command, what comes before the shim's own options, and variables. */
export interface ShimLauncher {
  command: string
  args: string[]
  env: Record<string, string>
}

/** How this program runs, so that a client can start its shim from anywhere, without this environment. */
export type LaunchFacts =
  /** `node`: the running one. `shim`: dist/gateway-stdio.cjs. */
  | { by: 'node'; node: string; shim: string }
  /** `executable`: the app's, which can be Node. `shim`: outside of the asar. */
  | { by: 'app'; executable: string; shim: string }
  /** What is inside of an AppImage is mounted only while it runs: the shim is copied out of it. */
  | { by: 'appimage'; appImage: string; shim: string; stateDir: string }

/** Copies the shim where that is needed; a copy that is the same stays as it is. */
export function shimLauncher(facts: LaunchFacts): ShimLauncher {
  if (facts.by === 'node') return { command: facts.node, args: [facts.shim], env: {} }
  const env = { ELECTRON_RUN_AS_NODE: '1' }
  if (facts.by === 'app') return { command: facts.executable, args: [facts.shim], env }
  return { command: facts.appImage, args: [copiedShim(facts.shim, facts.stateDir)], env }
}

function copiedShim(shim: string, stateDir: string): string {
  const folder = path.join(stateDir, 'shim')
  const copy = path.join(folder, 'gateway-stdio.cjs')
  const bytes = fs.readFileSync(shim)
  if (fs.existsSync(copy) && fs.readFileSync(copy).equals(bytes)) return copy
  prepareFolder(stateDir)
  prepareFolder(folder)
  // A client may be starting the old one at this moment.
  const draft = `${copy}.${process.pid}.tmp`
  fs.writeFileSync(draft, bytes, { mode: 0o700 })
  fs.renameSync(draft, copy)
  return copy
}
