import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { dist, freshUser, Program, sampleCatalog } from './programs.ts'

function user() {
  const { home, env } = freshUser()
  sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const run = async (args: string[], input?: string) => {
    const program = new Program('gateway', { env, cwd: home, args: ['secrets', ...args] })
    program.child.stdin?.end(input ?? '')
    return { code: await program.exit, stdout: program.stdout, stderr: program.stderr }
  }
  const start = async () => {
    const args = ['--listen', '127.0.0.1:0']
    const gateway = new Program('gateway-http', { env, cwd: home, args })
    await gateway.until(() => gateway.stdout.includes('listens on'))
    return gateway
  }
  return { home, env, run, start }
}

// On macOS and Windows this would be the keychain of whoever runs the tests.
describe.skipIf(process.platform !== 'linux')('gateway secrets', () => {
  test('sets from its input, lists names, removes; without a gateway and with one', async () => {
    const { run, start } = user()
    expect(await run(['set', 'A'], 'value of a\n')).toMatchObject({
      code: 0,
      stdout: 'A is set, in the encrypted file. In the catalog: ${secret:A}\n',
    })
    expect((await run(['list'])).stdout).toBe('A  (the encrypted file)\n')
    const gateway = await start()
    expect((await run(['set', 'B.c'], 'value of b')).code).toBe(0)
    const { stdout } = await run(['list', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      secrets: [
        { name: 'A', store: 'file', used_by: [] },
        { name: 'B.c', store: 'file', used_by: [] },
      ],
      problem: null,
    })
    expect(await run(['rm', 'A'])).toMatchObject({ code: 0, stdout: 'A is removed.\n' })
    expect(await run(['rm', 'A'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no secret A.'),
    })
    expect(gateway.stderr).toContain('A secret was set.')
    expect(gateway.stderr).not.toContain('value of b')
  })

  test.each([
    [[], /secrets list/],
    [['set'], /takes one NAME/],
    [['set', 'A', 'value'], /others could see it/],
    [['set', 'a b'], /cannot be the name/],
    [['list', 'x'], /secrets list/],
  ])('%j is wrong use, and nothing is changed', async (args, says) => {
    const { run } = user()
    const { code, stderr } = await run(args, 'x')
    expect(code).toBe(2)
    expect(stderr).toMatch(says)
    expect((await run(['list'])).stdout).toBe('')
  })

  test('no value, no change', async () => {
    const { run } = user()
    expect(await run(['set', 'A'], '\n')).toMatchObject({ code: 1 })
    expect((await run(['list'])).stdout).toBe('')
  })

  test.skipIf(spawnSync('script', ['--version']).error !== undefined)(
    'a terminal is asked, and does not show what is typed',
    async () => {
      const { env, home, run } = user()
      const { terminal, output } = typed({ env, home }, ['secrets', 'set', 'A'])
      await terminal.until(() => output().includes('not shown'))
      terminal.child.stdin?.write('wrong\u0015my-vx\u007falue\r')
      expect(await terminal.exit).toBe(0)
      expect(output()).toContain('A is set')
      expect(output()).not.toMatch(/wrong|my-v|alue\r/)
      expect((await run(['list'])).stdout).toContain('A ')
    },
  )

  test.skipIf(spawnSync('script', ['--version']).error !== undefined)(
    'Ctrl+C at a terminal changes nothing',
    async () => {
      const { env, home, run } = user()
      const { terminal, output } = typed({ env, home }, ['secrets', 'set', 'A'])
      await terminal.until(() => output().includes('not shown'))
      terminal.child.stdin?.write('abc\u0003')
      expect(await terminal.exit).toBe(1)
      expect((await run(['list'])).stdout).toBe('')
    },
  )
})

function typed({ env, home }: { env: NodeJS.ProcessEnv; home: string }, args: string[]) {
  const line = [process.execPath, path.join(dist, 'gateway.cjs'), ...args].join(' ')
  const command: [string, ...string[]] = ['script', '-qefc', line, '/dev/null']
  const terminal = new Program('gateway', { env, cwd: home, command })
  return { terminal, output: () => terminal.stdout }
}
