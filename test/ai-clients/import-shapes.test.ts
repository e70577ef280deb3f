import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { httpEntry, stdioEntry } from '../../src-main/ai-clients/client-entry.ts'
import { chooseFile } from '../../src-main/ai-clients/client-paths.ts'
import { clientTable } from '../../src-main/ai-clients/client-table.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'
import { ImportBench } from './import-bench.ts'

const posixOnly = describe.runIf(process.platform !== 'win32')

posixOnly('every shape of the table', () => {
  test.each(clientTable.map((client) => [client.id, client] as const))('%s', async (_, client) => {
    const system = (['linux', 'darwin', 'win32'] as const).find(
      (one) => Array.isArray(client.files) || one in client.files,
    )
    const bench = new ImportBench({ system: system ?? 'linux' })
    const { file } = chooseFile(client, bench.user.machine)
    const { shape, format, container } = client
    const command = { command: 'tool', args: ['--fast', 'x y'], env: { MODE: 'quiet' } }
    const headers = { 'X-Team': 'blue' }
    const remote = httpEntry(shape, 'far', 'https://far.example/mcp', headers)
    const { text } = new EntryText('', format, 'new').changed(container, [
      { op: 'put', name: 'near', entry: stdioEntry(shape, 'near', command) },
      ...(remote === undefined ? [] : [{ op: 'put' as const, name: 'far', entry: remote }]),
    ])
    const found = await bench.of(client.id, file ?? '', text)
    expect(found.map(({ entry }) => entry)).toEqual([
      {
        id: 'near',
        runtime: { type: 'local-process', command: 'tool', args: ['--fast', 'x y'] },
        env: { MODE: 'quiet' },
      },
      ...(remote === undefined
        ? []
        : [
            {
              id: 'far',
              runtime: { type: 'remote-http', url: 'https://far.example/mcp', headers },
            },
          ]),
    ])
    const timeLimit = 'Left out, since it means nothing here: timeout.'
    for (const { notes, problem } of found) {
      expect(problem).toBeNull()
      expect(notes.filter((note) => note !== timeLimit)).toEqual([])
    }
    const canReplace = client.readOnly === undefined
    for (const { origins } of found)
      expect(origins).toMatchObject([{ client: client.id, file, can_replace: canReplace }])
  })
})

posixOnly("what clients' entries say besides", () => {
  const one = async (id: string, file: string, content: unknown) => {
    const bench = new ImportBench({ env: { REGION: 'eu' } })
    const [found] = await bench.of(id, file, content)
    return { ...found, bench, runtime: found?.entry?.['runtime'], env: found?.entry?.['env'] }
  }

  test('VS Code: inputs become secrets and variables, its own variables ours', async () => {
    const { entry, notes } = await one('vscode', '.config/Code/User/mcp.json', {
      inputs: [
        { id: 'gh-token', type: 'promptString', description: 'A token', password: true },
        { id: 'region', type: 'promptString', description: 'Where', default: 'eu' },
      ],
      servers: {
        git: {
          type: 'stdio',
          command: '${userHome}/bin/git-mcp',
          args: ['${env:REGION}', '${input:region}'],
          env: { GH: '${input:gh-token}' },
          envFile: '~/git.env',
          cwd: '~',
        },
      },
    })
    expect(entry).toMatchObject({
      env: { GH: '${secret:GH_TOKEN}' },
      runtime: { command: '${HOME}/bin/git-mcp', args: ['${REGION}', '${REGION:-eu}'] },
    })
    expect(String(entry?.['env_file'])).toMatch(/^\/.*\/home\/git\.env$/)
    expect(notes?.join()).toContain('gateway secrets set GH_TOKEN')
  })

  test('a client that knows no variables has its dollars taken as they are', async () => {
    const file = '.config/Claude/claude_desktop_config.json'
    const args = ['${HOME}', '$HOME', '$${x}']
    const server = { command: 'sh', args, env: { A: '${B}' } }
    const { runtime, env, bench } = await one('claude-desktop', file, { mcpServers: { a: server } })
    expect(runtime).toMatchObject({ args: ['$${HOME}', '$HOME', '$$${x}'] })
    expect(env).toEqual({ A: '$${B}' })
    for (const arg of args) {
      const text = arg.replaceAll('${', () => '$${')
      expect(await bench.resolved(text)).toBe(arg)
    }
  })

  test('Gemini: $X is a variable anywhere, and url is the old transport', async () => {
    const { entry } = await one('gemini-cli', '.gemini/settings.json', {
      mcpServers: { a: { url: 'https://a.example/x', headers: { 'X-Region': 'in $REGION' } } },
    })
    expect(entry?.['runtime']).toEqual({
      type: 'remote-sse',
      url: 'https://a.example/x',
      headers: { 'X-Region': 'in ${REGION}' },
    })
  })

  test('Codex: variables by name, switched off, some tools', async () => {
    const bench = new ImportBench()
    const text = [
      '[mcp_servers.near]',
      'command = "x-mcp"',
      'env_vars = ["HTTP_PROXY"]',
      'enabled = false',
      'enabled_tools = ["a", "b"]',
      '[mcp_servers.far]',
      'url = "https://far.example/mcp"',
      'bearer_token_env_var = "FAR_TOKEN"',
      'env_http_headers = { "X-Org" = "ORG" }',
    ].join('\n')
    const [near, far] = await bench.of('codex', '.codex/config.toml', text)
    expect(near?.entry).toEqual({
      id: 'near',
      enabled: false,
      runtime: { type: 'local-process', command: 'x-mcp' },
      inherit_env: ['HTTP_PROXY'],
      tools: { allow: ['a', 'b'] },
    })
    expect(far?.entry?.['runtime']).toMatchObject({
      headers: { 'X-Org': '${ORG}', Authorization: 'Bearer ${FAR_TOKEN}' },
    })
  })

  test('Goose: what it keeps itself has to be set here; its own parts cannot be imported', async () => {
    const bench = new ImportBench()
    const [developer, git] = await bench.of(
      'goose',
      '.config/goose/config.yaml',
      'extensions:\n  developer: {type: builtin, name: developer, enabled: true}\n  git:\n    name: git\n    type: stdio\n    cmd: uvx\n    args: [git-mcp]\n    env_keys: [GIT_TOKEN]\n    enabled: true\n    timeout: 300\n',
    )
    expect(developer).toMatchObject({
      entry: null,
      problem: expect.stringContaining('part of its'),
    })
    expect(git?.entry).toMatchObject({
      runtime: { command: 'uvx', args: ['git-mcp'] },
      env: { GIT_TOKEN: '${secret:GIT_TOKEN}' },
    })
    expect(git?.notes.join()).toContain('gateway secrets set GIT_TOKEN')
  })

  test('Claude Code: servers of single projects start in them, and stay in its file', async () => {
    const bench = new ImportBench()
    const [mine, local] = await bench.of('claude-code', '.claude.json', {
      mcpServers: { mine: { command: 'a-mcp' } },
      projects: { '/work/shop': { mcpServers: { local: { command: './serve.sh' } } } },
    })
    expect(mine?.origins).toMatchObject([{ can_replace: true }])
    expect(local?.origins).toMatchObject([{ can_replace: false, name: 'local' }])
    expect(local?.entry?.['runtime']).toEqual({
      type: 'local-process',
      command: '/work/shop/serve.sh',
      working_dir: '/work/shop',
    })
  })

  test.each([
    [['cmd', '/c', 'npx', '-y', 'some-mcp'], { command: 'npx', args: ['-y', 'some-mcp'] }],
    [['cmd.exe', '/C', 'tool.bat'], { command: 'tool.bat' }],
    [['npx.cmd', 'some-mcp'], { command: 'npx', args: ['some-mcp'] }],
    [['cmd', '/c', 'a && b'], { command: 'cmd', args: ['/c', 'a && b'] }],
    [
      ['npx', '-y', 'mcp-remote@latest', 'https://a.example/mcp', '--header', 'X-Team:${TEAM}'],
      { url: 'https://a.example/mcp', headers: { 'X-Team': 'blue' }, type: 'remote-http' },
    ],
    [
      ['npx', 'mcp-remote', 'https://a.example/sse', '8080', '--allow-http'],
      { url: 'https://a.example/sse', type: 'remote-sse' },
    ],
    [['npx', 'mcp-remote', 'https://a.example', '--transport', 'sse-only'], { type: 'remote-sse' }],
    [
      ['npx', 'mcp-remote', 'https://a.example', '--static-oauth-client-info', '{}'],
      { type: 'local-process', command: 'npx' },
    ],
    [['npx', '-p', 'mcp-remote', 'other', 'https://a.example'], { type: 'local-process' }],
  ])('%j', async ([command = '', ...args], runtime) => {
    const server = { command, args, env: { TEAM: 'blue' } }
    const found = await one('cursor', '.cursor/mcp.json', { mcpServers: { a: server } })
    expect(found.runtime).toMatchObject(runtime)
  })

  test('docker run is a container of the gateway, known again once it is in the catalog', async () => {
    const bench = new ImportBench()
    const options = '--rm -i --name mine -e GITHUB_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345'
    const args = ['run', ...options.split(' '), '-v', './notes:/notes:ro', 'mcp/notes', '/notes']
    const file = 'work/.mcp.json'
    bench.user.write(file, JSON.stringify({ mcpServers: { notes: { command: 'docker', args } } }))
    const source = { from: 'file' as const, file: path.join(bench.user.home, file) }
    const [found] = await bench.servers(source)
    expect(found?.secrets).toMatchObject([{ place: 'variable', where: 'GITHUB_TOKEN' }])
    expect(found?.entry).toEqual({
      id: 'notes',
      runtime: {
        type: 'docker',
        image: 'mcp/notes',
        args: ['/notes'],
        container_name: 'mine',
        volumes: [`${path.join(bench.user.home, 'work', 'notes')}:/notes:ro`],
      },
      env: { GITHUB_TOKEN: '${secret:GITHUB_TOKEN}' },
    })
    await bench.importAll(source)
    expect(await bench.servers(source)).toMatchObject([{ duplicate_of: 'notes' }])
  })

  test('our own entries are left out, whoever wrote them', async () => {
    const bench = new ImportBench()
    const found = await bench.of('cursor', '.cursor/mcp.json', {
      mcpServers: {
        shim: { command: 'node', args: ['/opt/x/gateway-stdio.cjs', '--client', 'cline'] },
        url: { url: 'http://localhost:4444/mcp' },
        one: { url: 'http://127.0.0.1:4444/servers/x/mcp' },
        wrapped: { command: 'npx', args: ['-y', 'mcp-remote', 'http://127.0.0.1:4444/mcp'] },
        other: { url: 'http://127.0.0.1:5555/mcp' },
        connect: { command: 'gateway-x' },
      },
    })
    expect(found.map(({ id }) => id)).toEqual(['other', 'connect'])
  })
})
