import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { compileAhead } from '../../scripts/compile-ahead.mjs'
import { dist, freshUser, Program, sampleCatalog } from './programs.ts'

/** The programs as the image has them, with their code compiled for this user. */
async function asInImage() {
  const { home, env } = freshUser()
  sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const app = path.join(home, 'app')
  fs.cpSync(dist, app, { recursive: true })
  await compileAhead(app, String(process.getuid?.() ?? 0))
  /** What Node says of each file of code; the gateway is up and has ended by then. */
  const start = async () => {
    const program = new Program('gateway-http', {
      env: { ...env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' },
      cwd: home,
      command: [process.execPath, path.join(app, 'gateway-http.cjs'), '--listen', '127.0.0.1:0'],
    })
    await program.until(() => program.stdout.includes('listens on'))
    program.child.kill('SIGTERM')
    expect(await program.exit).toBe(0)
    // The watcher comes later, when it is too late to cost a start.
    const [said = ''] = program.stderr.split('is listening')
    return {
      accepted: said.match(/chunks\/\S+ was accepted/g) ?? [],
      fresh: said.match(/chunks\/\S+ was (not initialized|rejected)/g) ?? [],
    }
  }
  return { app, compiled: path.join(app, 'compiled'), start }
}

// As in the image, which is for Linux.
describe.skipIf(process.platform === 'win32')('code compiled ahead', () => {
  test('a start takes the code as it was compiled ahead, the first one with all of its chunks', async () => {
    const { start } = await asInImage()
    const { accepted, fresh } = await start()
    expect(accepted.join()).toContain('chunks/run-gateway-')
    expect(fresh).toEqual([])
  })

  test('compiled code of another text or another Node, or damaged, is passed over', async () => {
    const { app, compiled, start } = await asInImage()
    const chunks = path.join(app, 'chunks')
    for (const name of fs.readdirSync(chunks)) fs.appendFileSync(path.join(chunks, name), '\n;')
    expect((await start()).accepted).toEqual([])

    const [tag = ''] = fs.readdirSync(compiled)
    for (const name of fs.readdirSync(path.join(compiled, tag)))
      fs.writeFileSync(path.join(compiled, tag, name), 'x'.repeat(1000))
    expect((await start()).accepted).toEqual([])

    fs.rmSync(compiled, { recursive: true })
    fs.mkdirSync(path.join(compiled, 'v20.0.0-x64-00000000-0'), { recursive: true })
    expect((await start()).accepted).toEqual([])
  })

  test('the folder may be one that cannot be written to', async () => {
    const { app, compiled, start } = await asInImage()
    const before = filesBelow(compiled)
    spawnSync('chmod', ['-R', 'a-w', app])
    try {
      expect((await start()).accepted.join()).toContain('chunks/run-gateway-')
      if (process.getuid?.() !== 0) expect(filesBelow(compiled)).toEqual(before)
    } finally {
      spawnSync('chmod', ['-R', 'u+w', app])
    }
  })
})

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
