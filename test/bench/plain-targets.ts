import path from 'node:path'
import { type Bench, freePort, freshFolder, listening } from './bench-context.ts'
import { openHttp, openModernHttp } from './client.ts'
import { openStdio } from './stdio-client.ts'
import { openSdk, type Target } from './target.ts'

/** The server itself on its own pipes: what everything in between adds to. */
export function directTarget(bench: Bench, server: string[], tool: string): Target {
  return {
    name: 'direct stdio',
    pid: undefined,
    tool,
    open: () => {
      const log = path.join(freshFolder(bench, 'direct'), 'log')
      const child = bench.children.spawn(server, { log, stdio: 'pipe' })
      return openStdio(child, () => bench.children.end(child.pid))
    },
    openSdk: () => openSdk(bench, { kind: 'stdio', args: server }),
  }
}

/** Starts the passthrough of floor.ts in front of a server. `era`: of the server, and so of its clients. */
export async function startFloor(
  bench: Bench,
  server: string[],
  tool: string,
  era: 'legacy' | 'modern' = 'legacy',
): Promise<Target> {
  const log = path.join(freshFolder(bench, 'floor'), 'log')
  const port = await freePort()
  const since = performance.now()
  const program = path.join(import.meta.dirname, 'floor.ts')
  const child = bench.children.spawn([program, String(port), process.execPath, ...server], { log })
  await listening(child, port, since, log)
  const url = new URL(`http://127.0.0.1:${port}/mcp`)
  if (era === 'modern') {
    const open = () => Promise.resolve(openModernHttp(url))
    return { name: 'floor, modern', pid: child.pid, tool, open }
  }
  return {
    name: 'floor',
    pid: child.pid,
    tool,
    open: () => openHttp(url),
    openSdk: () => openSdk(bench, { kind: 'http', url }),
  }
}
