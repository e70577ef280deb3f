import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AuthorizationServer } from '../sign-in/authorization-server.ts'
import { browse, isCallback } from '../sign-in/browser.ts'
import { ProtectedServer } from '../sign-in/protected-server.ts'
import { freshUser, Program } from './programs.ts'

async function world() {
  const authorizationServer = await AuthorizationServer.start()
  onTestFinished(() => authorizationServer.stop())
  const server = await ProtectedServer.start(authorizationServer)
  onTestFinished(() => server.stop())
  const { home, env } = freshUser()
  const config = path.join(home, '.config', 'mcp-gateway')
  fs.mkdirSync(config, { recursive: true })
  const servers = [
    { id: 'cloud', runtime: { type: 'remote-http', url: server.url } },
    { id: 'local', runtime: { type: 'local-process', command: 'true' } },
  ]
  fs.writeFileSync(path.join(config, 'catalog.yaml'), JSON.stringify({ servers }))
  const run = (program: string, ...args: string[]) => new Program(program, { env, cwd: home, args })
  const auth = (...args: string[]) => run('gateway', 'auth', ...args)
  const start = async () => {
    const gateway = run('gateway-http', '--listen', '127.0.0.1:0')
    await gateway.until(() => gateway.stdout.includes('listens on'))
    return gateway
  }
  return { authorizationServer, auth, start, run }
}

function linkOf(program: Program): Promise<string> {
  return program.until(() => /(http:\/\/[^\s"]+code_challenge[^\s"]+)/.exec(program.stdout)?.[1])
}

// On macOS and Windows this would be the keychain of whoever runs the tests.
describe.skipIf(process.platform !== 'linux')('gateway auth', () => {
  test('prints the link, and ends when the browser has come back; then signs out', async () => {
    const { authorizationServer, auth, start, run } = await world()
    const gateway = await start()
    const signingIn = auth('cloud')
    await browse(await linkOf(signingIn))
    expect(await signingIn.exit).toBe(0)
    expect(signingIn.stdout).toContain(`Signed in to cloud at ${authorizationServer.issuer}.`)
    const signingOut = auth('cloud', '--sign-out')
    expect(await signingOut.exit).toBe(0)
    expect(signingOut.stdout).toBe('Signed out of cloud.\n')
    expect(authorizationServer.revocations).toBeGreaterThan(0)
    const secrets = run('gateway', 'secrets', 'list')
    expect(await secrets.exit).toBe(0)
    expect(secrets.stdout).toBe('')
    for (const token of authorizationServer.given) expect(gateway.stderr).not.toContain(token)
    const status = run('gateway', 'status')
    await status.exit
    expect(status.stdout).toMatch(/cloud +stopped.*gateway auth cloud/)
  })

  test('takes the pasted address where the browser is elsewhere; a wrong one is said, and asked for again', async () => {
    const { auth, start } = await world()
    await start()
    const signingIn = auth('cloud', '--json')
    const { url } = await browse(await linkOf(signingIn), isCallback)
    signingIn.write('https://example.test/?code=1')
    await signingIn.until(() => signingIn.stderr.includes('not the address'))
    signingIn.write(url.href)
    expect(await signingIn.exit).toBe(0)
    const last: unknown = JSON.parse(signingIn.stdout.trim().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ id: 'cloud', sign_in: { state: 'signed_in' } })
    expect(signingIn.stdout).not.toContain(url.searchParams.get('code'))
  })

  test('a refused consent is an exit code 1, with the reason', async () => {
    const { authorizationServer, auth, start } = await world()
    await start()
    authorizationServer.person = undefined
    const signingIn = auth('cloud', '--no-browser')
    await browse(await linkOf(signingIn))
    expect(await signingIn.exit).toBe(1)
    expect(signingIn.stderr).toContain('Access was refused')
  })

  test('wrong use is said', async () => {
    const { auth, start } = await world()
    const early = auth('cloud')
    expect(await early.exit).toBe(3)
    await start()
    const cases = [
      [[], 2, 'one SERVER'],
      [['nothing'], 1, "Server 'nothing' not found"],
      [['local'], 1, 'no remote server'],
    ] as const
    for (const [args, code, says] of cases) {
      const program = auth(...args)
      expect(await program.exit).toBe(code)
      expect(program.stderr).toContain(says)
    }
  })
})
