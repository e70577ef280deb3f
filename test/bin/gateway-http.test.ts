import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { version } from '../../src-main/version.ts'
import { isAlive } from '../support/processes.ts'
import { dist, freshUser, infoOf, Program, sampleCatalog } from './programs.ts'
import { eventually } from '../support/eventually.ts'

function user() {
  const { home, state, env } = freshUser()
  const catalog = sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
  const run = (...args: string[]) => new Program('gateway-http', { env, cwd: home, args })
  const start = async (...args: string[]) => {
    const program = run('--listen', '127.0.0.1:0', ...args)
    const url = await program.until(() => /listens on (\S+)/.exec(program.stdout)?.[1])
    return { program, url }
  }
  const key = () => fs.readFileSync(path.join(state, 'key'), 'utf8').trim()
  const call = (url: string, name: string, given: object = {}) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key()}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        server_id: 'sample',
        method: 'tools/call',
        params: { name, arguments: given },
      }),
    })
  return { home, state, env, catalog, run, start, key, call }
}

describe('flags', () => {
  test.each([
    [['--help'], 0, /Usage: gateway-http/],
    [['--version'], 0, new RegExp(`^${version}$`, 'm')],
    [['--lsten', '127.0.0.1:1'], 2, /Unknown option --lsten\. Did you mean 'listen'\?/],
    [['--listen', 'here'], 2, /--listen here is not host:port/],
    [['--log-level', 'loud'], 2, /--log-level loud is none of trace, debug/],
    [['--strict'], 2, /--strict goes with --validate/],
    [['file.yaml'], 2, /file\.yaml/],
    [['--config', 'nowhere.yaml'], 1, /nowhere\.yaml cannot be read: it does not exist/],
  ])('%j ends with %d', async (args, code, says) => {
    const program = user().run(...args)
    expect(await program.exit).toBe(code)
    expect(program.stdout + program.stderr).toMatch(says)
  })

  test('the version is that of the package', () => {
    const manifest = path.join(dist, '..', 'package.json')
    expect(JSON.parse(fs.readFileSync(manifest, 'utf8')).version).toBe(version)
  })

  test('--validate says file, line and column, and what is missing only fails with --strict', async () => {
    const { run, catalog, state } = user()
    const good = run('--validate')
    expect(await good.exit).toBe(0)
    expect(good.stdout).toContain('1 server')
    fs.appendFileSync(catalog, '    env: { TOKEN: "${NOT_SET_ANYWHERE}" }\n')
    const lenient = run('--validate')
    expect(await lenient.exit).toBe(0)
    expect(lenient.stderr).toContain('NOT_SET_ANYWHERE')
    expect(await run('--validate', '--strict').exit).toBe(1)
    fs.writeFileSync(catalog, 'servers:\n  - id: a\n    runtim: {}\n')
    const bad = run('--validate')
    expect(await bad.exit).toBe(1)
    expect(bad.stderr).toMatch(/catalog\.yaml:3:5: .*Did you mean 'runtime'\?/)
    expect(fs.existsSync(path.join(state, 'gateway.lock'))).toBe(false)
  })

  test('--validate refuses to listen wider without a key', async () => {
    const program = user().run('--validate', '--listen', '0.0.0.0:0')
    expect(await program.exit).toBe(1)
    expect(program.stderr).toContain('no api_key')
  })
})

describe('start', () => {
  test('prints its address, writes who it is, and has no secret in sight', async () => {
    const { start, state, key } = user()
    const { program, url } = await start()
    expect(program.stdout).toBe(`Open MCP Gateway listens on ${url}\n`)
    expect(infoOf(state)).toMatchObject({ pid: program.child.pid, url, version })
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
    expect(
      program.stderr + fs.readFileSync(path.join(state, 'gateway.json'), 'utf8'),
    ).not.toContain(key())
  })

  test('a second one for the same state names the first and ends with 3', async () => {
    const { start, run } = user()
    const { program, url } = await start()
    const second = run('--listen', '127.0.0.1:0')
    expect(await second.exit).toBe(3)
    expect(second.stderr).toContain(`process ${program.child.pid} at ${url}`)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  test('after a SIGKILL the next one takes over lock and socket', async () => {
    const { start, state } = user()
    const { program } = await start()
    program.child.kill('SIGKILL')
    await program.exit
    expect(fs.existsSync(path.join(state, 'gateway.sock'))).toBe(true)
    const { program: next } = await start()
    expect(infoOf(state)?.pid).toBe(next.child.pid)
  })

  test('a port that is taken is an error that says so, but not for one that a shim starts', async () => {
    const { home, env, state, run } = user()
    const squatter = net.createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void squatter.close())
    await eventually(() => expect(squatter.listening).toBe(true))
    const address = squatter.address()
    const taken = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    const refused = run('--listen', taken)
    expect(await refused.exit).toBe(1)
    expect(refused.stderr).toContain(`Cannot listen on ${taken}`)
    expect(fs.readdirSync(state)).not.toContain('gateway.lock')
    const spawned = new Program('gateway-http', {
      env,
      cwd: home,
      args: ['--spawned', '--listen', taken],
    })
    await spawned.until(() => spawned.stderr.includes('is listening'))
    expect(spawned.stderr).toContain('A free port is used instead')
    expect(infoOf(state)?.url).not.toContain(taken)
  })

  test('loads nothing that it has no use for: no schema, no YAML, no worker, no HTTP client', async () => {
    const { home, env, start } = user()
    const report = path.join(home, 'report.cjs')
    fs.writeFileSync(
      report,
      `process.on('exit', () => process.stderr.write('LOADED ' + JSON.stringify({
        builtin: process.moduleLoadList, files: Object.keys(require('node:module')._cache) }) + '\\n'))`,
    )
    env['NODE_OPTIONS'] = `--require ${report}`
    const loaded = async () => {
      const { program } = await start()
      program.child.kill('SIGTERM')
      await program.exit
      const { builtin, files } = JSON.parse(/LOADED (.*)/.exec(program.stderr)?.[1] ?? '')
      const code = files.map((file: string) => fs.readFileSync(file, 'utf8')).join('')
      return { builtin, hasSchemas: code.includes('$ZodObject'), hasYaml: code.includes('YAMLMap') }
    }
    // It has yet to be parsed.
    expect(await loaded()).toMatchObject({ hasSchemas: true, hasYaml: true })
    const { builtin, ...files } = await loaded()
    expect(files).toEqual({ hasSchemas: false, hasYaml: false })
    expect(builtin).toContain('NativeModule http')
    for (const name of ['worker_threads', 'v8', 'internal/deps/undici/undici'])
      expect(builtin).not.toContain(`NativeModule ${name}`)
  })
})

describe('end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets calls in flight finish, ends every server, and leaves nothing',
    async (signal) => {
      const { start, call, state } = user()
      const { program, url } = await start()
      const pid = Number(/"text":"(\d+)"/.exec(await (await call(url, 'pid')).text())?.[1])
      expect(isAlive(pid)).toBe(true)
      const slow = call(url, 'slow', { ms: 500 })
      await program.until(() => true)
      await eventually(async () => {
        const stats = await fetch(`${url}/stats`, {
          headers: {
            authorization: `Bearer ${fs.readFileSync(path.join(state, 'key'), 'utf8').trim()}`,
          },
        })
        expect(((await stats.json()) as { total_requests: number }).total_requests).toBe(2)
      })
      program.child.kill(signal)
      // Passed on by npm, say.
      program.child.kill(signal === 'SIGTERM' ? 'SIGINT' : 'SIGTERM')
      expect(await (await slow).text()).toContain('500')
      expect(await program.exit).toBe(0)
      expect(isAlive(pid)).toBe(false)
      expect(fs.readdirSync(state).toSorted()).toEqual([
        'cache',
        'history.sqlite',
        'key',
        'processes',
      ])
    },
  )

  test('a second signal ends it at once, with its servers', async () => {
    const { start, call, home } = user()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'), ['sample'], '--stubborn')
    const { program, url } = await start()
    const pid = Number(/"text":"(\d+)"/.exec(await (await call(url, 'pid')).text())?.[1])
    const slow = call(url, 'slow', { ms: 60_000 }).catch(() => undefined)
    const since = performance.now()
    const again = setInterval(() => program.child.kill('SIGTERM'), 100)
    expect(await program.exit).toBe(1)
    clearInterval(again)
    expect(performance.now() - since).toBeLessThan(4_000)
    expect(program.stderr).toContain('A second signal (SIGTERM)')
    await eventually(() => expect(isAlive(pid)).toBe(false))
    await slow
  })

  test('an uncaught exception is logged and kills every server', async () => {
    const { home, env, start: _, ...rest } = user()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'), ['sample'], '--stubborn')
    const bug = path.join(home, 'bug.cjs')
    fs.writeFileSync(bug, "process.on('SIGUSR2', () => { throw new Error('a bug') })")
    const program = new Program('gateway-http', {
      env: { ...env, NODE_OPTIONS: `--require ${bug}` },
      cwd: home,
      args: ['--listen', '127.0.0.1:0'],
    })
    const url = await program.until(() => /listens on (\S+)/.exec(program.stdout)?.[1])
    const pid = Number(/"text":"(\d+)"/.exec(await (await rest.call(url, 'pid')).text())?.[1])
    program.child.kill('SIGUSR2')
    expect(await program.exit).toBe(1)
    expect(program.stderr).toContain('a bug')
    await eventually(() => expect(isAlive(pid)).toBe(false))
    expect(fs.existsSync(path.join(rest.state, 'gateway.lock'))).toBe(false)
  })

  test('SIGHUP loads the catalog again', async () => {
    const { start, home, key } = user()
    fs.writeFileSync(path.join(home, '.config/mcp-gateway/config.yaml'), 'hot_reload: false\n')
    const { program, url } = await start()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'), ['sample', 'second'])
    program.child.kill('SIGHUP')
    await eventually(async () => {
      const servers = await fetch(`${url}/servers`, { headers: { 'x-api-key': key() } })
      expect(await servers.json()).toHaveLength(2)
    })
  })
})
