import { cpSync, mkdirSync, chmodSync } from 'node:fs'
import path from 'node:path'
import { copyPackage, copyProgram, withFolder, writeImage } from '../../scripts/image-archive.mjs'

const root = path.join(import.meta.dirname, '..', '..')
const modules = path.join(root, 'node_modules')

export const testImage = 'gateway-test/servers:1'

/** Where the image has things. */
export const inImage = {
  everything: '/app/node_modules/@modelcontextprotocol/server-everything/dist/index.js',
  scripted: '/app/test/fixtures/server-scripted.mjs',
  conformance: '/app/test/fixtures/conformance-server.ts',
} as const

/**
 * Writes an image with Node and the servers of the tests, made from what lies on this machine. Its entry point is Node,
 * its command server-everything.
 */
export function writeTestImage(archive: string): void {
  withFolder((folder: string) => {
    const base = path.join(folder, 'base')
    const app = path.join(folder, 'app')
    copyProgram(process.execPath, base, '/usr/bin/node')
    mkdirSync(path.join(base, 'tmp'))
    chmodSync(path.join(base, 'tmp'), 0o1777)
    for (const name of [
      '@modelcontextprotocol/server-everything',
      '@modelcontextprotocol/server',
      '@hono/node-server',
      'hono',
      'zod',
    ])
      copyPackage(name, modules, path.join(app, 'app', 'node_modules'))
    cpSync(path.join(root, 'test', 'fixtures'), path.join(app, 'app', 'test', 'fixtures'), {
      recursive: true,
    })
    writeImage({
      out: archive,
      name: testImage,
      layers: [{ root: base }, { root: app }],
      config: {
        Entrypoint: ['/usr/bin/node'],
        Cmd: [inImage.everything],
        Env: ['PATH=/usr/bin', 'IMAGE_SAYS=hello'],
        WorkingDir: '/app',
      },
    })
  })
}
