import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { root, startProgram } from './program.ts'
import type { Program } from './program.ts'

/**
 * The built gateway with a catalog of one server, `under-test`, in a folder of its own. Its `url` is that server's
 * endpoint. It wants no key: the suite has none to send.
 */
export async function startGateway(
  runtime: object,
  fields: object = {},
  config: object = {},
  more: Record<string, string> = {},
): Promise<Program> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-conformance-'))
  const remove = (): Promise<void> => fs.rm(dir, { recursive: true, force: true, maxRetries: 5 })
  const file = async (name: string, content: object): Promise<string> => {
    await fs.writeFile(path.join(dir, name), JSON.stringify(content))
    return path.join(dir, name)
  }
  const servers = [{ id: 'under-test', runtime, ...fields }]
  const args = [path.join(root, 'dist', 'gateway-http.cjs')]
  args.push('--config', await file('config.yaml', { auth: 'none', hot_reload: false, ...config }))
  args.push('--catalog', await file('catalog.yaml', { servers }))
  args.push('--state-dir', path.join(dir, 'state'), '--listen', '127.0.0.1:0')
  // As in a terminal, so that no login shell is asked.
  const env = { PATH: process.env['PATH'], HOME: dir, SHLVL: '1', TERM: 'dumb', ...more }
  try {
    const gateway = await startProgram(args, env)
    return {
      ...gateway,
      url: new URL('/servers/under-test/mcp', gateway.url).href,
      stop: async () => {
        await gateway.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
