import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ImportSource } from '../../src-shared/client-import.ts'
import { ImportBench } from './import-bench.ts'

const onPosix = process.platform !== 'win32'
const cursor = '.cursor/mcp.json'
const windsurf = '.codeium/windsurf/mcp_config.json'
const token = 'gh-0123456789abcdef'
const git = { command: 'npx', args: ['-y', 'git-mcp'], env: { GITHUB_TOKEN: token } }
const json = (mcpServers: object): string => `${JSON.stringify({ mcpServers }, undefined, 2)}\n`

const catalog = `# mine
servers:
  - id: files   # documents
    runtime: { type: local-process, command: files-mcp, args: ["\${HOME}"] }
`

describe.runIf(onPosix)('what is found', () => {
  test('one server that several clients have is one, and others get names of their own', async () => {
    const bench = new ImportBench({ catalog })
    bench.user.write(cursor, json({ git, files: { command: 'other-mcp' } }))
    bench.user.write(
      windsurf,
      json({ github: { ...git, args: ['--yes', 'git-mcp'] }, git: { ...git, env: {} } }),
    )
    const servers = await bench.servers()
    expect(servers.map(({ id, origins }) => [id, origins.map(({ name }) => name)])).toEqual([
      ['git', ['git', 'github']],
      ['files-2', ['files']],
      ['git-2', ['git']],
    ])
    expect(new Set(servers.map(({ key }) => key)).size).toBe(3)
    expect(servers[1]?.entry).toMatchObject({ display_name: 'files' })
  })

  test('what the catalog has already is told, secrets and variables looked through', async () => {
    const bench = new ImportBench({ env: { HOME: '/home/me' } })
    bench.user.write(cursor, json({ git, docs: { command: 'files-mcp', args: ['/home/me'] } }))
    bench.user.write(
      bench.catalog,
      `${catalog}  - id: hub\n    runtime: { type: local-process, command: npx, args: ["-y", git-mcp] }\n    env: { GITHUB_TOKEN: "\${secret:MINE}" }\n`,
    )
    await bench.secrets.set('MINE', token)
    const servers = await bench.servers()
    expect(servers.map(({ duplicate_of }) => duplicate_of)).toEqual(['hub', 'files'])
    await bench.secrets.set('MINE', 'another one')
    expect((await bench.servers()).map(({ duplicate_of }) => duplicate_of)).toEqual([null, 'files'])
  })

  test('a file that cannot be read is named, and the others are read', async () => {
    const bench = new ImportBench()
    bench.user.write(windsurf, '{"mcpServers": {')
    bench.user.write(cursor, json({ git }))
    const { servers, problems } = await bench.imports.preview({ from: 'clients' })
    expect(servers).toHaveLength(1)
    expect(problems).toMatchObject([
      { client: 'windsurf', file: expect.stringContaining(windsurf) },
    ])
    expect(problems[0]?.message).not.toContain('Nothing was')
  })

  test('a project file belongs to its folder', async () => {
    const bench = new ImportBench()
    const server = { command: './bin/serve', args: ['${workspaceFolder}/x'] }
    const file = bench.user.write(
      'work/shop/.vscode/mcp.json',
      JSON.stringify({ servers: { a: server } }),
    )
    const shop = path.join(bench.user.home, 'work', 'shop')
    for (const source of [
      { from: 'file', file },
      { from: 'client-file', id: 'vscode', file },
    ] satisfies ImportSource[]) {
      const [found] = await bench.servers(source)
      expect(found?.entry?.['runtime']).toEqual({
        type: 'local-process',
        command: `${shop}/bin/serve`,
        args: [`${shop}/x`],
        working_dir: shop,
      })
      expect(found?.origins[0]?.can_replace).toBe(source.from === 'client-file')
    }
  })

  test.each([
    ['Claude Code’s file of a project', '.mcp.json', json({ a: { command: 'a-mcp' } })],
    ['TOML', 'x.toml', '[mcp_servers.a]\ncommand = "a-mcp"\n'],
    ['YAML', 'x.yaml', 'mcpServers:\n  - name: a\n    command: a-mcp\n'],
    [
      'a catalog',
      'catalog.yml',
      'servers:\n  - id: a\n    runtime: {type: local-process, command: a-mcp}\n',
    ],
  ])('a file: %s', async (_, name, text) => {
    const bench = new ImportBench()
    const [found] = await bench.servers({ from: 'file', file: bench.user.write(name, text) })
    expect(found).toMatchObject({ id: 'a', entry: { runtime: { command: 'a-mcp' } } })
  })

  test("a file of a client's own is that client's; another one says nothing of where to run", async () => {
    const bench = new ImportBench()
    const server = { a: { command: 'a-mcp', args: ['./x'] } }
    const own = await bench.servers({
      from: 'file',
      file: bench.user.write(windsurf, json(server)),
    })
    expect(own).toMatchObject([{ origins: [{ client: 'windsurf', can_replace: true }] }])
    const other = await bench.servers({
      from: 'file',
      file: bench.user.write('saved.json', json(server)),
    })
    expect(other).toMatchObject([{ origins: [{ client: null, can_replace: false }] }])
    for (const [found] of [own, other])
      expect(found?.entry?.['runtime']).not.toHaveProperty('working_dir')
  })

  test('pasted text; what is none of these is refused', async () => {
    const bench = new ImportBench()
    const [found] = await bench.servers({
      from: 'text',
      text: 'npx -y @x/mail-mcp --api-key q1w2e3r4',
    })
    expect(found).toMatchObject({ id: 'mail', secrets: [{ name: 'MAIL_API_KEY' }] })
    await expect(bench.servers({ from: 'text', text: 'hello there' })).rejects.toThrow('No server')
    await expect(bench.servers({ from: 'file', file: '/nowhere/x.json' })).rejects.toThrow(
      'no file',
    )
    await expect(bench.servers({ from: 'file', file: 'x.json' })).rejects.toThrow('whole path')
    await expect(
      bench.servers({ from: 'client-file', id: 'cursor', file: '/etc/passwd' }),
    ).rejects.toThrow('no file that Cursor reads')
  })
})

describe.runIf(onPosix)('an import', () => {
  test('adds entries to the catalog, whose text stays, and keeps their secrets', async () => {
    const bench = new ImportBench({ catalog })
    bench.user.write(cursor, json({ git }))
    const done = await bench.importAll()
    expect(done).toMatchObject({
      added: [{ id: 'git' }],
      secrets: [{ name: 'GITHUB_TOKEN', store: 'file' }],
      clients: [],
      reload: null,
    })
    expect(bench.text().startsWith(catalog)).toBe(true)
    expect(bench.text()).not.toContain(token)
    expect(bench.entries()[1]).toMatchObject({ env: { GITHUB_TOKEN: '${secret:GITHUB_TOKEN}' } })
    expect(await bench.secrets.get('GITHUB_TOKEN')).toBe(token)
    // A second time there is nothing left to do.
    expect(await bench.importAll()).toMatchObject({ added: [], secrets: [] })
  })

  test('leaves secrets in the text if that is wanted, and makes a catalog where none is', async () => {
    const bench = new ImportBench()
    bench.user.write(cursor, json({ git }))
    await bench.importAll({ from: 'clients' }, { secrets: 'keep' })
    expect(bench.entries()[0]).toMatchObject({ env: { GITHUB_TOKEN: token } })
    expect((await bench.secrets.list()).secrets).toEqual([])
  })

  test('never takes the place of a secret that is kept', async () => {
    const bench = new ImportBench({ catalog })
    await bench.secrets.set('GITHUB_TOKEN', 'somebody else’s')
    bench.user.write(cursor, json({ git, again: { ...git, args: ['x'] } }))
    const [first, second] = await bench.servers()
    expect([first, second].map((one) => one?.secrets)).toMatchObject([
      [{ name: 'GITHUB_TOKEN_2', is_kept: false }],
      [{ name: 'GITHUB_TOKEN_2' }],
    ])
    await bench.importAll()
    expect(await bench.secrets.get('GITHUB_TOKEN')).toBe('somebody else’s')
    expect(await bench.secrets.get('GITHUB_TOKEN_2')).toBe(token)
  })

  test.each(['the file', 'the catalog'])('is refused if %s has changed', async (what) => {
    const bench = new ImportBench({ catalog })
    const file = bench.user.write(cursor, json({ git }))
    const { before, servers } = await bench.imports.preview({ from: 'clients' })
    fs.appendFileSync(what === 'the file' ? file : bench.catalog, '\n')
    const picks = servers.map(({ key }) => ({ key }))
    await expect(
      bench.imports.import({
        source: { from: 'clients' },
        before,
        picks,
        secrets: 'keychain',
        replace: [],
      }),
    ).rejects.toMatchObject({ code: 'precondition_failed' })
    expect((await bench.secrets.list()).secrets).toEqual([])
  })

  test('takes back the secrets if the catalog cannot be written', async () => {
    const bench = new ImportBench({ catalog })
    bench.user.write(cursor, json({ git }))
    const { before, servers } = await bench.imports.preview({ from: 'clients' })
    const picks = servers.map(({ key }) => ({ key }))
    const input = {
      source: { from: 'clients' } as const,
      before,
      picks,
      secrets: 'keychain' as const,
      replace: [],
    }
    const folder = path.join(bench.user.home, 'state')
    // Between the preview and the write, the folder of the catalog goes: a link to nowhere takes its place.
    const set = bench.secrets.set.bind(bench.secrets)
    bench.secrets.set = async (name, value) => {
      const done = await set(name, value)
      fs.renameSync(bench.catalog, `${bench.catalog}.away`)
      return done
    }
    await expect(bench.imports.import(input)).rejects.toThrow()
    expect((await bench.secrets.list()).secrets).toEqual([])
    expect(fs.readdirSync(folder).some((name) => name.endsWith('.tmp'))).toBe(false)
  })

  test('two at once: one is done, the other refused, and no secret is lost', async () => {
    const bench = new ImportBench({ catalog })
    bench.user.write(cursor, json({ git }))
    const source = { from: 'clients' } as const
    const { before, servers } = await bench.imports.preview(source)
    const picks = servers.map(({ key }) => ({ key }))
    const once = () =>
      bench.imports.import({ source, before, picks, secrets: 'keychain', replace: [] })
    const ends = await Promise.allSettled([once(), once()])
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await bench.secrets.get('GITHUB_TOKEN')).toBe(token)
    expect(bench.entries().map(({ id }) => id)).toEqual(['files', 'git'])
  })

  test('wants ids that nobody has, and servers that there are', async () => {
    const bench = new ImportBench({ catalog })
    bench.user.write(cursor, json({ git, bad: { type: 'sse' } }))
    const source = { from: 'clients' } as const
    const { before, servers } = await bench.imports.preview(source)
    const [good, bad] = servers
    const given = (picks: { key: string; id?: string }[]) =>
      bench.imports.import({ source, before, picks, secrets: 'keychain', replace: [] })
    const key = good?.key ?? ''
    await expect(given([{ key, id: 'files' }])).rejects.toMatchObject({ code: 'conflict' })
    await expect(given([{ key: 'x' }])).rejects.toMatchObject({ code: 'bad_request' })
    await expect(given([{ key }, { key }])).rejects.toThrow('picked twice')
    await expect(given([{ key: bad?.key ?? '' }])).rejects.toThrow('names no command')
    expect(await given([{ key, id: 'hub' }])).toMatchObject({ added: [{ id: 'hub' }] })
  })
})
