import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src-main/ai-clients/client-paths.ts'
import { FakeHome } from './fake-home.ts'

/** Modes, owners and links are POSIX's; what is the same everywhere is below. */
const onPosix = process.platform !== 'win32'

const cursorFile = '.cursor/mcp.json'
const plain = '{\n  "mcpServers": {\n    "a": { "command": "x" }\n  }\n}\n'

function cursor(text = plain, more: ConstructorParameters<typeof FakeHome>[1] = {}) {
  const user = new FakeHome('linux', more)
  return { user, file: user.write(cursorFile, text), connections: user.connections }
}

const shim = { id: 'cursor', kind: 'shim-all' } as const

describe.runIf(onPosix)('what is written', () => {
  test('mode and links stay, and what the link leads to is replaced', async () => {
    const user = new FakeHome()
    const real = user.write('dotfiles/mcp.json', plain, 0o640)
    fs.mkdirSync(path.join(user.home, '.cursor'))
    fs.symlinkSync('../dotfiles/mcp.json', path.join(user.home, cursorFile))
    await user.connections.connect(shim)
    expect(fs.lstatSync(path.join(user.home, cursorFile)).isSymbolicLink()).toBe(true)
    expect(fs.statSync(real).mode & 0o777).toBe(0o640)
    expect(user.read('dotfiles/mcp.json')).toContain('"gateway"')
    expect(fs.readdirSync(path.dirname(real))).toEqual(['mcp.json'])
    await user.connections.undo('cursor')
    expect(user.read('dotfiles/mcp.json')).toBe(plain)
  })

  test('a link to a file that is not there yet is followed', async () => {
    const user = new FakeHome()
    fs.mkdirSync(path.join(user.home, '.cursor'))
    fs.symlinkSync(path.join(user.home, 'later.json'), path.join(user.home, cursorFile))
    await user.connections.connect(shim)
    expect(user.read('later.json')).toContain('"gateway"')
  })

  test('backups never collide, are their owner’s alone, and are in the index', async () => {
    const { user, connections } = cursor(plain, { now: () => new Date('2026-11-25T10:00:00Z') })
    for (let round = 0; round < 3; round++) {
      await connections.connect(shim)
      await connections.disconnect('cursor')
    }
    const folder = path.join(user.stateDir, 'backups')
    const names = fs.readdirSync(folder).filter((name) => name.endsWith('.bak'))
    expect(names).toHaveLength(3)
    for (const name of names) {
      expect(fs.readFileSync(path.join(folder, name), 'utf8')).toBe(plain)
      expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600)
    }
    const { backups } = JSON.parse(fs.readFileSync(path.join(folder, 'index.json'), 'utf8'))
    expect(backups.map(({ name }: { name: string }) => name).toSorted()).toEqual(names.toSorted())
    expect(fs.statSync(path.join(user.stateDir, 'clients.json')).mode & 0o777).toBe(0o600)
  })

  test('of one file twenty backups are kept', async () => {
    const { user, connections } = cursor()
    for (let round = 0; round < 24; round++) {
      await connections.connect(shim)
      await connections.disconnect('cursor')
    }
    const folder = path.join(user.stateDir, 'backups')
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.bak'))).toHaveLength(20)
  })

  test('what the client writes at the last moment is kept, and nothing of ours is', async () => {
    const theirs = '{"mcpServers":{"b":{"command":"y"}}}'
    const { user, file, connections } = cursor(plain, {
      onStep: (step) => {
        if (step === 'synced') fs.writeFileSync(file, theirs)
      },
    })
    await expect(connections.connect(shim)).rejects.toMatchObject({ code: 'precondition_failed' })
    expect(fs.readFileSync(file, 'utf8')).toBe(theirs)
    expect(fs.readdirSync(path.dirname(file))).toEqual(['mcp.json'])
    expect(connections.store.read()).toEqual([])
    expect(user.connections.row('cursor').connections).toEqual([])
  })

  test('two writers at once write one after the other', async () => {
    const { user, connections } = cursor()
    user.write('.kiro/settings/mcp.json', plain)
    await Promise.all([connections.connect(shim), connections.connect({ ...shim, id: 'kiro' })])
    expect(
      connections.store
        .read()
        .map(({ client }) => client)
        .toSorted(),
    ).toEqual(['cursor', 'kiro'])
  })
})

describe.runIf(onPosix)('what is refused, with nothing written', () => {
  const refusals: [string, (file: string) => void, string][] = [
    ['a file that cannot be parsed', (file) => fs.writeFileSync(file, '{ "a": '), 'not valid JSON'],
    [
      'a container of another kind',
      (file) => fs.writeFileSync(file, '{"mcpServers":[]}'),
      'not a map',
    ],
    [
      'a key twice',
      (file) => fs.writeFileSync(file, '{"mcpServers":{},"mcpServers":{}}'),
      'more than once',
    ],
    ['a folder', (file) => (fs.rmSync(file), fs.mkdirSync(file)), 'it is a folder'],
    ['links in a circle', (file) => (fs.rmSync(file), fs.symlinkSync(file, file)), 'in a circle'],
    ['a read-only file', (file) => fs.chmodSync(file, 0o444), 'read-only'],
    ['a file too large', (file) => fs.truncateSync(file, 11 * 1024 * 1024), 'larger than 10 MB'],
    ['UTF-16', (file) => fs.writeFileSync(file, '\ufeff{}', 'utf16le'), 'UTF-16'],
    ['no UTF-8', (file) => fs.writeFileSync(file, Buffer.from([0x7b, 0xc3, 0x28])), 'not UTF-8'],
    [
      'a server of that name that is not ours',
      (file) => fs.writeFileSync(file, '{"mcpServers":{"gateway":{"command":"y"}}}'),
      "has a server 'gateway' already",
    ],
  ]
  test.each(refusals)('%s', async (_, make, why) => {
    const { user, file, connections } = cursor()
    make(file)
    const before = fs.lstatSync(file)
    await expect(connections.preview(shim)).rejects.toThrow(why)
    await expect(connections.connect(shim)).rejects.toThrow(/Nothing was (?:written|read)\./)
    expect(fs.lstatSync(file).ino).toBe(before.ino)
    expect(connections.store.read()).toEqual([])
    expect(fs.existsSync(path.join(user.stateDir, 'backups'))).toBe(false)
  })

  test.runIf(process.getuid?.() === 0)('a file of another user', async () => {
    const { file, connections } = cursor()
    fs.chownSync(file, 12_345, 12_345)
    await expect(connections.preview(shim)).rejects.toThrow('belongs to another user (uid 12345)')
  })

  test('a pipe in the file’s place is not waited for', async () => {
    const { file, connections } = cursor()
    fs.rmSync(file)
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [file])
    await expect(connections.preview(shim)).rejects.toThrow('no ordinary file')
  })

  test('an HTTP entry in a project, a project that is not there, a client that is only read', async () => {
    const tokens = { issue: async () => ({ id: 't', token: 'T' }), revoke: async () => {} }
    const { user, connections } = cursor(plain, { tokens })
    const project = user.home
    await expect(
      connections.preview({ id: 'cursor', kind: 'http', project }),
    ).rejects.toMatchObject({ code: 'forbidden' })
    await expect(connections.preview({ ...shim, project: '/no/such' })).rejects.toThrow('no folder')
    await expect(connections.preview({ ...shim, id: 'roo-code' })).rejects.toThrow('imported')
    await expect(
      connections.preview({ ...shim, id: 'claude-desktop', kind: 'http' }),
    ).rejects.toThrow('takes no HTTP entries')
    await expect(connections.preview({ ...shim, file: '/etc/passwd' })).rejects.toThrow(
      'is none of',
    )
  })

  test('a state that is damaged', async () => {
    const { user, file, connections } = cursor()
    user.write('state/clients.json', '{"version":1,')
    await expect(connections.connect(shim)).rejects.toThrow('is damaged')
    expect(fs.readFileSync(file, 'utf8')).toBe(plain)
  })
})

describe.runIf(onPosix)('connecting again', () => {
  test('another kind replaces the first, and undo goes back to before both', async () => {
    const { file, connections } = cursor()
    await connections.connect(shim)
    await connections.connect({ ...shim, kind: 'shim-per-server' })
    expect(Object.keys(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers)).toEqual([
      'a',
      'files',
      'git-hub',
    ])
    expect(connections.row('cursor').connections).toHaveLength(1)
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(fs.readFileSync(file, 'utf8')).toBe(plain)
  })

  test('the same changes nothing, and says so', async () => {
    const { file, connections } = cursor()
    await connections.connect(shim)
    const text = fs.readFileSync(file, 'utf8')
    expect(await connections.preview(shim)).toMatchObject({
      diff: '',
      warnings: ['The entry is there already: nothing would change.'],
    })
    await connections.connect(shim)
    expect(fs.readFileSync(file, 'utf8')).toBe(text)
  })

  test('what the client has added to our entry stays', async () => {
    const { user, connections } = cursor()
    const file = connections.row('cline').file ?? ''
    user.write(file, '{}')
    await connections.connect({ ...shim, id: 'cline' })
    const added = '"autoApprove": ["x"], "disabled": true'
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"disabled": false', added))
    await connections.connect({ ...shim, id: 'cline' })
    expect(fs.readFileSync(file, 'utf8')).toContain(added)
    expect((await connections.check('cline')).problems[0]).toContain('is switched off')
  })

  test('an entry of ours that a person has written is taken over, and comes back with undo', async () => {
    const byHand = '"gateway": { "command": "gateway-stdio", "args": ["--client", "cursor"] }'
    const text = plain.replace('"a"', `${byHand},\n    "a"`)
    const { file, connections } = cursor(text)
    await connections.connect(shim)
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.gateway.command).toBe('/opt/node')
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(fs.readFileSync(file, 'utf8')).toBe(text)
    await connections.connect(shim)
    await connections.disconnect('cursor')
    expect(fs.readFileSync(file, 'utf8')).toBe(plain)
  })

  test('tokens are revoked on disconnect, on change, and where nothing was written', async () => {
    const revoked: string[] = []
    let count = 0
    const tokens = {
      issue: async () => ({ id: `t${++count}`, token: `secret-${count}` }),
      revoke: async (id: string) => void revoked.push(id),
    }
    const { user, file, connections } = cursor(plain, { tokens })
    const http = { id: 'cursor', kind: 'http' } as const
    const preview = await connections.preview(http)
    expect(count).toBe(0)
    expect(preview.warnings).toHaveLength(3)
    await connections.connect(http)
    expect(fs.readFileSync(file, 'utf8')).toContain('Bearer secret-1')
    expect(fs.readFileSync(path.join(user.stateDir, 'clients.json'), 'utf8')).not.toContain(
      'secret',
    )
    await connections.connect(http)
    expect(revoked).toEqual(['t1'])
    await connections.disconnect('cursor')
    expect(revoked).toEqual(['t1', 't2'])
    fs.chmodSync(file, 0o444)
    await expect(connections.connect(http)).rejects.toThrow('read-only')
    expect(revoked).toEqual(['t1', 't2'])
  })
})

describe.runIf(onPosix)('in the place of others', () => {
  const two = '{"mcpServers":{"a":{"command":"x","args":["y"]},"gateway":{"command":"z"},"b":{}}}'
  const options = { ...shim, replace: ['a', 'gateway'] }

  test('servers are replaced in one step that can be undone', async () => {
    const { file, connections } = cursor(two)
    await connections.connect(options)
    const { mcpServers } = JSON.parse(fs.readFileSync(file, 'utf8'))
    expect(Object.keys(mcpServers)).toEqual(['b', 'gateway'])
    expect(mcpServers.gateway.command).toBe('/opt/node')
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(fs.readFileSync(file, 'utf8')).toBe(two)
  })

  test('in a file that has changed since, the backup with the others is named', async () => {
    const { user, file, connections } = cursor(two)
    await connections.connect(options)
    fs.appendFileSync(file, '\n')
    const { exact, message } = await connections.undo('cursor')
    expect(exact).toBe(false)
    expect(message).toContain(`had replaced (a, gateway) are in ${user.stateDir}/backups/cursor-`)
    expect(fs.readFileSync(file, 'utf8')).toBe('{"mcpServers":{"b":{}}}\n')
  })
})

describe.runIf(onPosix)('taking out', () => {
  test.each(['{"mcpServers":null}', '{ "mcpServers": { } }', '', '\ufeff', '// nothing\n', '{}'])(
    'of %j leaves it as it was',
    async (text) => {
      const { file, connections } = cursor(text)
      await connections.connect(shim)
      await connections.disconnect('cursor')
      expect(fs.readFileSync(file, 'utf8')).toBe(text)
    },
  )

  test('another server that has our name by now stays', async () => {
    const { file, connections } = cursor()
    await connections.connect(shim)
    const other = '{"mcpServers":{"gateway":{"command":"mine"}}}'
    fs.writeFileSync(file, other)
    expect((await connections.disconnect('cursor')).message).toContain('left as it is')
    expect(fs.readFileSync(file, 'utf8')).toBe(other)
  })

  test('a file that cannot be parsed any more is not touched, and the connection is kept', async () => {
    const { file, connections } = cursor()
    await connections.connect(shim)
    fs.writeFileSync(file, '{{')
    await expect(connections.undo('cursor')).rejects.toThrow('not valid JSON')
    expect(fs.readFileSync(file, 'utf8')).toBe('{{')
    expect(connections.row('cursor').connections).toHaveLength(1)
  })

  test('a file that is gone is as good as disconnected', async () => {
    const { file, connections } = cursor()
    await connections.connect(shim)
    fs.rmSync(file)
    expect((await connections.disconnect('cursor')).message).toContain('is gone')
    expect(fs.existsSync(file)).toBe(false)
  })

  test('a file that was made by us stays if others have used it', async () => {
    const user = new FakeHome()
    await user.connections.connect(shim)
    const full = path.join(user.home, cursorFile)
    fs.writeFileSync(full, user.read(cursorFile).replace('{\n', '{\n  "mine": 1,\n'))
    await user.connections.disconnect('cursor')
    expect(user.read(cursorFile)).toBe('{\n  "mine": 1\n}\n')
  })
})

describe.runIf(onPosix)('which file', () => {
  const store = 'AppData/Local/Packages'
  const inStore = 'LocalCache/Roaming/Claude/claude_desktop_config.json'
  const classic = 'AppData/Roaming/Claude/claude_desktop_config.json'

  test('Claude Desktop from the store has a file of its own', () => {
    const user = new FakeHome('win32')
    const row = () => user.connections.row('claude-desktop')
    expect(row().file).toBe(path.join(user.home, classic))
    user.write(classic, '{}')
    const first = user.write(`${store}/Claude_abc/${inStore}`, '{}')
    expect(row().file).toBe(first)
    const second = user.write(`${store}/Claude_def/${inStore}`, '{}')
    expect(row()).toMatchObject({ file: null, choices: [first, second], found: true })
    expect(row().problem).toContain('several files')
  })

  test('a choice is taken from the person', async () => {
    const user = new FakeHome('win32')
    user.write(`${store}/Claude_abc/${inStore}`, '{}')
    const second = user.write(`${store}/Claude_def/${inStore}`, '{}')
    const options = { id: 'claude-desktop', kind: 'shim-all' } as const
    await expect(user.connections.connect(options)).rejects.toThrow('Choose one.')
    await user.connections.connect({ ...options, file: second })
    expect(JSON.parse(fs.readFileSync(second, 'utf8')).mcpServers.gateway.env).toEqual({
      LOCALAPPDATA: path.join(user.home, 'AppData', 'Local'),
      APPDATA: path.join(user.home, 'AppData', 'Roaming'),
    })
  })

  test('Antigravity’s second version reads another folder than its first', async () => {
    const user = new FakeHome()
    const old = user.write('.gemini/antigravity/mcp_config.json', '{}')
    expect(user.connections.row('antigravity').file).toBe(old)
    await user.connections.connect({ id: 'antigravity', kind: 'shim-all' })
    fs.mkdirSync(path.join(user.home, '.gemini/config'))
    const now = path.join(user.home, '.gemini/config/mcp_config.json')
    expect(user.connections.row('antigravity').file).toBe(now)
    expect((await user.connections.check('antigravity')).problems).toContain(
      `The gateway's entry is in ${old}, but Antigravity reads ${now}. Disconnect it and connect it again.`,
    )
  })

  test('opencode.jsonc hides opencode.json, and both of its layouts are known', async () => {
    const user = new FakeHome()
    const json = user.write('.config/opencode/opencode.json', '{"mcp":{"servers":{}}}')
    expect(user.connections.row('opencode').file).toBe(json)
    await user.connections.connect({ id: 'opencode', kind: 'shim-all' })
    const { mcp } = JSON.parse(fs.readFileSync(json, 'utf8'))
    expect(mcp.servers.gateway).toMatchObject({ type: 'local' })
    expect(mcp.servers.gateway).not.toHaveProperty('enabled')
    user.write('.config/opencode/opencode.jsonc', '{}')
    expect(user.connections.row('opencode').file).toBe(`${json}c`)
    const { problems } = await user.connections.check('opencode')
    expect(problems.join()).toContain(`is in ${json}, but OpenCode reads ${json}c`)
  })

  test.each([
    ['codex', 'CODEX_HOME', 'config.toml'],
    ['claude-code', 'CLAUDE_CONFIG_DIR', '.claude.json'],
    ['goose', 'XDG_CONFIG_HOME', 'goose/config.yaml'],
    ['cline-cli', 'CLINE_DIR', 'data/settings/cline_mcp_settings.json'],
  ])('%s goes by $%s', (id, name, file) => {
    const user = new FakeHome('linux', {}, { [name]: '/elsewhere' })
    expect(user.connections.row(id).file).toBe(path.join('/elsewhere', file))
  })

  test('nothing is read for the list', () => {
    const { file, user } = cursor('not even JSON')
    fs.chmodSync(file, 0o000)
    fs.utimesSync(file, 1000, 1000)
    expect(user.connections.row('cursor')).toMatchObject({ found: true, file_exists: true })
    expect(fs.statSync(file).atimeMs).toBe(1_000_000)
  })
})

describe.runIf(onPosix)('repair', () => {
  test('an entry whose shim has moved is corrected where it stands, and can still be undone', async () => {
    let where = '/old'
    const { file, connections } = cursor(plain, {
      launcher: () => ({ command: `${where}/node`, args: [`${where}/gateway-stdio.cjs`], env: {} }),
    })
    await connections.connect(shim)
    expect(await connections.repair()).toEqual([])
    where = '/new'
    expect(await connections.repair()).toEqual([
      `The gateway's entry in ${file} led nowhere any more, and was corrected.`,
    ])
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.gateway).toMatchObject({
      command: '/new/node',
      args: ['/new/gateway-stdio.cjs', '--client', 'cursor', '--state-dir', expect.any(String)],
    })
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(fs.readFileSync(file, 'utf8')).toBe(plain)
  })

  test('an entry of another installation that is there is left alone', async () => {
    const user = new FakeHome()
    const node = user.write('bin/node', '')
    const file = user.write('bin/gateway-stdio.cjs', '')
    user.write(cursorFile, plain)
    let launcher = { command: node, args: [file], env: {} }
    const options = { ...user.connections.options, launcher: () => launcher }
    const { Connections } = await import('../../src-main/ai-clients/connections.ts')
    const connections = new Connections(options)
    await connections.connect(shim)
    launcher = { command: '/app', args: [file], env: { ELECTRON_RUN_AS_NODE: '1' } }
    expect(await connections.repair()).toEqual([])
    fs.rmSync(node)
    expect(await connections.repair()).toHaveLength(1)
    expect(JSON.parse(user.read(cursorFile)).mcpServers.gateway.env).toEqual({
      ELECTRON_RUN_AS_NODE: '1',
    })
  })

  test('another port is written into HTTP entries, the token stays', async () => {
    let url = 'http://127.0.0.1:4444'
    const tokens = { issue: async () => ({ id: 't', token: 'T' }), revoke: async () => {} }
    const { file, connections } = cursor(plain, { tokens, url: () => url })
    await connections.connect({ id: 'cursor', kind: 'http' })
    url = 'http://127.0.0.1:5555'
    expect(await connections.repair()).toHaveLength(1)
    expect(JSON.parse(fs.readFileSync(file, 'utf8')).mcpServers.gateway).toEqual({
      url: 'http://127.0.0.1:5555/mcp',
      headers: { Authorization: 'Bearer T' },
    })
  })
})

describe.runIf(onPosix)('other ways', () => {
  const claude = `#!/bin/sh
[ "$1 $2" = "mcp add-json" ] && printf '{"mcpServers":{"%s":%s}}' "$5" "$6" > "$HOME/.claude.json"
[ "$1 $2" = "mcp remove" ] && printf '{"mcpServers":{}}' > "$HOME/.claude.json"
exit 0
`
  function claudeUser(script: string) {
    const user = new FakeHome()
    user.write('.local/bin/claude', script, 0o755)
    const env = { PATH: process.env['PATH'], HOME: user.home }
    const machine = { ...user.machine, env }
    return { user, options: { ...user.connections.options, machine } }
  }

  test('the client’s own command connects and disconnects, and is the better way', async () => {
    const { user, options } = claudeUser(claude)
    const { Connections } = await import('../../src-main/ai-clients/connections.ts')
    const connections = new Connections(options)
    const row = { id: 'claude-code', kind: 'shim-all' } as const
    expect((await connections.preview(row)).alternatives).toMatchObject([
      { via: 'cli', preferred: true, text: expect.stringContaining('mcp add-json --scope user') },
    ])
    await connections.connect({ ...row, via: 'cli' })
    expect(JSON.parse(user.read('.claude.json')).mcpServers.gateway).toMatchObject({
      type: 'stdio',
      command: '/opt/node',
    })
    expect(connections.row('claude-code').connections).toMatchObject([{ can_undo: false }])
    expect((await connections.disconnect('claude-code')).message).toContain('by its own command')
    expect(user.read('.claude.json')).toBe('{"mcpServers":{}}')
  })

  test.each([
    ['#!/bin/sh\necho no such scope >&2; exit 3\n', 'own command failed: no such scope'],
    ['#!/bin/sh\nexit 0\n', 'the entry is not in'],
  ])('a command that does not do it is told of', async (script, why) => {
    const { options } = claudeUser(script)
    const { Connections } = await import('../../src-main/ai-clients/connections.ts')
    const connections = new Connections(options)
    await expect(
      connections.connect({ id: 'claude-code', kind: 'shim-all', via: 'cli' }),
    ).rejects.toThrow(why)
    expect(connections.row('claude-code').connections).toEqual([])
  })

  test('links hold the entry', async () => {
    const { connections } = cursor()
    const [link] = (await connections.preview(shim)).alternatives
    const config = new URL(link?.text ?? '').searchParams.get('config') ?? ''
    expect(JSON.parse(Buffer.from(config, 'base64').toString('utf8'))).toMatchObject({
      command: '/opt/node',
    })
    const [code] = (await connections.preview({ ...shim, id: 'vscode' })).alternatives
    expect(JSON.parse(decodeURIComponent(code?.text.split('?')[1] ?? ''))).toMatchObject({
      name: 'gateway',
      type: 'stdio',
    })
  })

  test('more tools than the client takes are told of, and secrets in the difference are not', async () => {
    const secret = plain.replace('"x"', '"x", "env": { "MY_TOKEN": "hush-hush" }')
    const { connections } = cursor(secret, { tools: () => ({ count: 41 }) })
    const preview = await connections.preview(shim)
    expect(preview.warnings[0]).toBe(
      'Cursor takes 40 tools, and would get 41. Deny some in the catalog, or connect some servers only.',
    )
    expect(preview.diff).not.toContain('hush-hush')
    expect(preview.diff).toContain('"MY_TOKEN": "***"')
    const long = JSON.stringify({ mcpServers: {}, history: 'x'.repeat(100_000) })
    expect((await cursor(long).connections.preview(shim)).diff.length).toBeLessThan(5000)
  })
})

test('on any system a client of it is connected and brought back', async () => {
  const { system } = thisMachine()
  const user = new FakeHome(system)
  const { file } = user.connections.row('claude-desktop')
  if (file === null) throw new Error('It has no file.')
  user.write(file, '{\r\n}\r\n')
  await user.connections.connect({ id: 'claude-desktop', kind: 'shim-all' })
  expect(fs.readFileSync(file, 'utf8')).toContain('"gateway": {\r\n')
  expect(await user.connections.undo('claude-desktop')).toMatchObject({ exact: true })
  expect(fs.readFileSync(file, 'utf8')).toBe('{\r\n}\r\n')
})
