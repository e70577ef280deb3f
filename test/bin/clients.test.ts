import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { dist, freshUser, Program, sampleCatalog } from './programs.ts'

function user() {
  const { home, state, env } = freshUser()
  sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const file = path.join(home, '.cursor', 'mcp.json')
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, '{\n  "mcpServers": {} // mine\n}\n')
  const run = async (...args: string[]) => {
    const program = new Program('gateway', { env, cwd: home, args: ['clients', ...args] })
    program.child.stdin?.end()
    return { code: await program.exit, stdout: program.stdout, stderr: program.stderr }
  }
  return { home, state, env, file, run, text: () => fs.readFileSync(file, 'utf8') }
}

test('list shows what is here, for people and for programs', async () => {
  const { run, file } = user()
  const { code, stdout } = await run('list')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^CLIENT +NAME +STATE +FILE$/m)
  expect(stdout).toMatch(/^cursor +Cursor +not connected +~\/\.cursor\/mcp\.json$/m)
  expect(stdout).not.toContain('zed')
  expect((await run('list', '--all')).stdout).toMatch(/^zed +Zed +not found/m)
  expect(JSON.parse((await run('list', '--json')).stdout)).toContainEqual(
    expect.objectContaining({ id: 'cursor', file, connections: [] }),
  )
})

test('a client is previewed, connected, checked and brought back without a gateway', async () => {
  const { run, text, state } = user()
  const before = text()
  const preview = await run('preview', 'cursor')
  expect(preview.code).toBe(0)
  expect(preview.stdout).toContain('+    "gateway": {')
  expect(preview.stdout).toContain('cursor://anysphere.cursor-deeplink/mcp/install?name=gateway')

  const unasked = await run('connect', 'cursor')
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('say --yes') })
  expect(text()).toBe(before)

  const connected = await run('connect', 'cursor', '--yes')
  expect(connected).toMatchObject({ code: 0, stderr: '' })
  expect(connected.stdout).toContain(`The file from before is kept as ${state}/backups/cursor-`)
  expect(text()).toContain(
    `"${path.join(dist, 'gateway-stdio.cjs')}",\n        "--client",\n        "cursor",\n        "--state-dir",\n        "${state}"`,
  )
  expect(text()).toContain('} // mine\n')
  expect((await run('list')).stdout).toMatch(/^cursor +Cursor +connected \(shim-all\)/m)
  const check = await run('check')
  expect(check.code).toBe(1)
  expect(check.stdout).toContain('entry present')
  expect(check.stdout).toContain('! Cursor has not come to the gateway since it was connected.')

  expect(await run('undo', 'cursor')).toMatchObject({ code: 0 })
  expect(text()).toBe(before)
})

test('an entry for each server, in a project, and out again', async () => {
  const { run, home } = user()
  const project = path.join(home, 'work')
  fs.mkdirSync(project)
  const args = ['--kind', 'shim-per-server', '--project', 'work', '--yes', '--json']
  const { code, stdout } = await run('connect', 'claude-code', ...args)
  expect(code).toBe(0)
  const file = path.join(project, '.mcp.json')
  expect(JSON.parse(stdout)).toMatchObject({
    client: { connections: [{ file, project, kind: 'shim-per-server', entries: ['sample'] }] },
  })
  expect(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.sample.args.slice(-2)).toEqual([
    '--server',
    'sample',
  ])
  expect((await run('disconnect', 'claude-code')).stdout).toContain(file)
  expect(fs.readdirSync(project)).toEqual([])
})

test('what cannot be done is refused with the reason', async () => {
  const { run, file } = user()
  fs.writeFileSync(file, '{"mcpServers": [')
  expect(await run('connect', 'cursor', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file} cannot be changed because it is not valid JSON`),
  })
  expect(await run('undo', 'cursor')).toMatchObject({
    code: 1,
    stderr: 'gateway: Cursor is not connected.\n',
  })
  expect(await run('connect', 'nobody')).toMatchObject({ code: 1 })
  expect(await run('conect')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean 'connect'?"),
  })
  expect(await run('preview', 'cursor', '--kind', 'x')).toMatchObject({ code: 2 })
  expect(await run('preview', 'cursor', '--name', 'a b')).toMatchObject({ code: 2 })
  expect(await run('preview')).toMatchObject({ code: 2 })
})

/** Of util-linux: others take other words. */
const hasPty = process.platform === 'linux' && fs.existsSync('/usr/bin/script')

test.runIf(hasPty)(
  'a person at a terminal is asked, and sees the difference in colours',
  async () => {
    const { home, env, text } = user()
    const before = text()
    const gateway = path.join(dist, 'gateway.cjs')
    const ask = async (answer: string): Promise<string> => {
      const command = `${process.execPath} ${gateway} clients connect cursor`
      const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
        env: { ...env, TERM: 'xterm' },
        cwd: home,
      })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8')
        if (said.endsWith('[y/N] ')) child.stdin.write(`${answer}\n`)
      })
      await once(child, 'close')
      return said
    }
    expect(await ask('n')).toContain('Nothing was written.')
    expect(text()).toBe(before)
    const said = await ask('y')
    expect(said).toContain(`Write ${home}/.cursor/mcp.json?`)
    expect(said).toContain('\u001b[32m+    "gateway": {')
    expect(text()).toContain('"gateway"')
  },
)
