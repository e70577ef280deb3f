import fs from 'node:fs'
import path from 'node:path'
import type { ShimLauncher } from './shim-launcher.ts'

/** What entries of this kind lead to, in one word: it differs where the app has moved, or the port is another. */
export function destinationOf(
  kind: string,
  launcher: () => ShimLauncher,
  url: string | undefined,
): string {
  return kind === 'http' ? (url ?? '') : JSON.stringify(launcher())
}

/**
 * Whether entries in clients' files lead elsewhere than to this gateway. Looks at `clients.json` alone, and loads
 * nothing: a gateway that has not moved pays nothing for the question. True as well where the file cannot be read.
 */
export function hasStaleConnections(
  stateDir: string,
  launcher: () => ShimLauncher,
  url: string,
): boolean {
  let text: string
  try {
    text = fs.readFileSync(path.join(stateDir, 'clients.json'), 'utf8')
  } catch {
    return false
  }
  try {
    const stored: unknown = JSON.parse(text)
    const connections: unknown = Reflect.get(Object(stored), 'connections')
    return !Array.isArray(connections) || connections.some(isStale)
  } catch {
    return true
  }

  function isStale(one: unknown): boolean {
    const kind: unknown = Reflect.get(Object(one), 'kind')
    return Reflect.get(Object(one), 'leads_to') !== destinationOf(String(kind), launcher, url)
  }
}
