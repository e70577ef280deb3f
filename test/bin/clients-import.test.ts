import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { zipOf } from '../ai-clients/zip-file.ts'
import { dist, freshUser, Program, sampleCatalog } from './programs.ts'

const sample = path.join(import.meta.dirname, '..', 'fixtures', 'sample-server.mjs')
const token = 'tok-0123456789abcdef'
const two = `{
  // both are mine
  "mcpServers": {
    "one": { "command": ${JSON.stringify(process.execPath)}, "args": [${JSON.stringify(sample)}], "env": { "ONE_TOKEN": "${token}" } },
    "two": { "command": ${JSON.stringify(process.execPath)}, "args": [${JSON.stringify(sample)}, "--two"] }
  }
}
`

function user() {
  const { home, state, env } = freshUser()
  const file = path.join(home, '.cursor', 'mcp.json')
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, two)
  const catalog = path.join(home, '.config', 'mcp-gateway', 'catalog.yaml')
  const gateway = (words: string[], input = '') => {
    const program = new Program('gateway', { env, cwd: home, args: words })
    program.child.stdin?.end(input)
    return program
  }
  const run = async (words: string[], input = '') => {
    const program = gateway(['clients', ...words], input)
    return { code: await program.exit, stdout: program.stdout, stderr: program.stderr }
  }
  const start = async () => {
    const args = ['--listen', '127.0.0.1:0']
    const running = new Program('gateway-http', { env, cwd: home, args })
    const url = await running.until(() => /listens on (\S+)/.exec(running.stdout)?.[1])
    return { running, url }
  }
  return { home, state, env, file, catalog, run, start, text: () => fs.readFileSync(file, 'utf8') }
}

/** The entry as the client starts it: its command, its arguments, its variables, and nothing else. */
function asClient(file: string, name: string): Program {
  const text = fs.readFileSync(file, 'utf8').replaceAll(/ \/\/.*/g, '')
  const { command, args, env = {} } = JSON.parse(text).mcpServers[name]
  const words = Object.entries(env).map(([key, value]) => `${key}=${String(value)}`)
  return new Program('gateway-stdio', {
    command: ['/usr/bin/env', '-i', ...words, command, ...args],
  })
}

async function toolsOf(client: Program): Promise<string[]> {
  await client.initialize()
  const { result } = await client.request('tools/list')
  const { tools } = result as { tools: { name: string }[] }
  return tools.map(({ name }) => name)
}

// Elsewhere the secrets would go to the keychain of whoever runs the tests.
describe.runIf(process.platform === 'linux')('gateway clients import', () => {
  test('takes servers over, replaces their entries, and the client still has them all', async () => {
    const { file, catalog, run, start, text, state } = user()
    const asked = await run(['import', '--replace'])
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('say --yes') })
    expect(asked.stdout).toContain('+ one (Cursor): ')
    expect(asked.stdout).toContain('becomes ${secret:ONE_TOKEN}')
    expect(fs.existsSync(catalog)).toBe(false)

    const done = await run(['import', '--replace', '--yes'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain('2 servers were added to the catalog: one, two.')
    expect(done.stdout).toContain(`The file from before is kept as ${state}/backups/cursor-`)
    expect(fs.readFileSync(catalog, 'utf8')).toContain('ONE_TOKEN: ${secret:ONE_TOKEN}')
    for (const name of fs.readdirSync(state, { recursive: true, encoding: 'utf8' })) {
      const one = path.join(state, name)
      if (!fs.statSync(one).isFile() || name.startsWith('backups')) continue
      expect(fs.readFileSync(one, 'latin1'), name).not.toContain(token)
    }
    expect(text()).toContain('// both are mine')

    // Its home is not in the variables: the gateway that it would start were not this person's.
    await start()
    const names = await toolsOf(asClient(file, 'gateway'))
    expect(names.filter((name) => name.endsWith('echo'))).toEqual(['one__echo', 'two__echo'])
    expect(await run(['undo', 'cursor'])).toMatchObject({ code: 0 })
    expect(text()).toBe(two)
  })

  test('a gateway that runs has the servers at once', async () => {
    const { run, start, catalog } = user()
    const { running } = await start()
    const done = await run(['import', 'cursor', '--yes', '--json'])
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout)).toMatchObject({
      added: [{ id: 'one' }, { id: 'two' }],
      secrets: [{ name: 'ONE_TOKEN', store: 'file' }],
      reload: { servers_added: ['one', 'two'] },
    })
    expect(fs.readFileSync(catalog, 'utf8')).toContain('# The servers behind this gateway.')
    expect(await run(['import'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/= one \(Cursor\): it is in the catalog already/),
    })
    expect(running.stdout + running.stderr).not.toContain(token)
  })

  test('from a pasted text, from a file; wrong words are told', async () => {
    const { home, run, catalog } = user()
    const pasted = await run(
      ['import', '-', '--yes', '--secrets', 'keep'],
      'npx -y mail-mcp --api-key q1w2e3r4t5',
    )
    expect(pasted).toMatchObject({ code: 0 })
    expect(fs.readFileSync(catalog, 'utf8')).toContain('q1w2e3r4t5')
    const file = path.join(home, 'shop', '.mcp.json')
    fs.mkdirSync(path.dirname(file))
    fs.writeFileSync(file, '{"mcpServers": {"shop": {"command": "./serve"}}}')
    const shown = await run(['import', '--file', 'shop/.mcp.json', '--json'])
    expect(shown.code).toBe(1)
    expect(JSON.parse(shown.stdout)).toMatchObject({
      servers: [{ id: 'shop', entry: { runtime: { command: path.join(home, 'shop', 'serve') } } }],
    })
    expect(await run(['import', '-'], 'nothing of the kind')).toMatchObject({ code: 1 })
    expect(await run(['import', '--file', 'no.json'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no file'),
    })
    expect(await run(['import', 'cursor', '-'])).toMatchObject({ code: 2 })
    expect(await run(['import', '--secrets', 'x'])).toMatchObject({ code: 2 })
    expect(await run(['import', 'nobody'])).toMatchObject({ code: 1 })
  })

  test('a bundle is unpacked, and its server runs', async () => {
    const { home, file, run, start } = user()
    const manifest = {
      manifest_version: '0.3',
      name: 'sample',
      version: '1.0.0',
      server: {
        type: 'node',
        entry_point: 'index.mjs',
        mcp_config: { command: process.execPath, args: ['${__dirname}/index.mjs'] },
      },
    }
    const zip = zipOf([
      { name: 'manifest.json', content: JSON.stringify(manifest) },
      { name: 'index.mjs', content: fs.readFileSync(sample) },
    ])
    fs.writeFileSync(path.join(home, 'sample.mcpb'), zip)
    const done = await run(['import', '--file', 'sample.mcpb', '--yes'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    await start()
    expect(await run(['connect', 'cursor', '--yes'])).toMatchObject({ code: 0 })
    expect(await toolsOf(asClient(file, 'gateway'))).toContain('sample__echo')
  })

  test.runIf(fs.existsSync('/usr/bin/script'))('asks at a terminal', async () => {
    const { home, env, catalog } = user()
    const words = `${process.execPath} ${path.join(dist, 'gateway.cjs')} clients import`
    for (const answer of ['n', 'y']) {
      const child = spawn('/usr/bin/script', ['-qec', words, '/dev/null'], { env, cwd: home })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8')
        if (said.endsWith('[y/N] ')) child.stdin.write(`${answer}\n`)
      })
      await once(child, 'close')
      expect(said).toContain('Add these 2 servers?')
      expect(fs.existsSync(catalog)).toBe(answer === 'y')
    }
  })
})

describe.runIf(process.platform !== 'win32')('gateway clients connect --kind http', () => {
  test('gives the client a token of its own, which ends when it is taken out', async () => {
    const { home, file, run, start } = user()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
    const words = ['connect', 'cursor', '--kind', 'http', '--yes']
    expect(await run(words)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none is running'),
    })
    const { url } = await start()
    expect(await run(words)).toMatchObject({ code: 0, stderr: '' })
    const entry = () =>
      JSON.parse(fs.readFileSync(file, 'utf8').replaceAll(/ \/\/.*/g, '')).mcpServers.gateway
    expect(entry().url).toBe(`${url}/mcp`)
    const ask = async (headers: Record<string, string>, at = '/mcp') => {
      const body = JSON.stringify({ server_id: 'sample', method: 'tools/list' })
      const more = { 'content-type': 'application/json', accept: 'application/json' }
      const answer = await fetch(url + at, {
        method: 'POST',
        headers: { ...headers, ...more },
        body,
      })
      return answer.status
    }
    const { headers } = entry()
    expect(await ask(headers)).toBe(200)
    expect(await ask(headers, '/admin/reload')).toBe(403)

    // The shim in its place: the token has no use any more, and the client is known by its name.
    expect(await run(['connect', 'cursor', '--yes'])).toMatchObject({ code: 0 })
    expect(await ask(headers)).toBe(403)
    expect(await toolsOf(asClient(file, 'gateway'))).toContain('sample__echo')

    expect(await run(words)).toMatchObject({ code: 0 })
    const second = entry().headers
    expect(await ask(second)).toBe(200)
    expect(await run(['undo', 'cursor'])).toMatchObject({ code: 0 })
    expect(await ask(second)).toBe(403)
  })

  test('without a gateway the token ends as well', async () => {
    const { home, file, run, start } = user()
    sampleCatalog(path.join(home, '.config', 'mcp-gateway'))
    const first = await start()
    expect(await run(['connect', 'cursor', '--kind', 'http', '--yes'])).toMatchObject({ code: 0 })
    const text = fs.readFileSync(file, 'utf8').replaceAll(/ \/\/.*/g, '')
    const { headers } = JSON.parse(text).mcpServers.gateway
    first.running.child.kill('SIGTERM')
    await first.running.exit
    expect(await run(['disconnect', 'cursor'])).toMatchObject({ code: 0 })
    const { url } = await start()
    const answer = await fetch(`${url}/mcp`, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(403)
  })
})
