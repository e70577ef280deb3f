import { describe, expect, test } from 'vitest'
import { entriesFromSnippet } from '../../src-main/catalog/snippet.ts'

const json = (value: unknown): string => JSON.stringify(value, undefined, 2)
const entries = (text: string): unknown[] => entriesFromSnippet(text).map(({ entry }) => entry)
const notes = (text: string): string[] => entriesFromSnippet(text).flatMap(({ notes }) => notes)
const local = (command: string, args: string[] = []) => ({
  type: 'local-process',
  command,
  ...(args.length > 0 ? { args } : {}),
})
const filesystem = {
  command: 'npx',
  args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'],
}
const filesystemRuntime = local('npx', filesystem.args)

describe('JSON', () => {
  test.each([
    ['mcpServers, as in a README', { mcpServers: { fs: filesystem } }],
    ['VS Code: servers', { servers: { fs: { type: 'stdio', ...filesystem } } }],
    ['VS Code: settings', { mcp: { servers: { fs: filesystem } } }],
    ['Zed', { context_servers: { fs: { source: 'custom', ...filesystem } } }],
    [
      'Zed, the older form',
      { context_servers: { fs: { command: { path: 'npx', args: filesystem.args } } } },
    ],
    ['OpenCode', { mcp: { fs: { type: 'local', command: ['npx', ...filesystem.args] } } }],
    ['entries without a holder', { fs: filesystem }],
    ['a list', { mcpServers: [{ name: 'fs', ...filesystem }] }],
    ['an entry of ours', { id: 'fs', runtime: filesystemRuntime }],
    ['a catalog of ours', { servers: [{ id: 'fs', runtime: filesystemRuntime }] }],
  ])('%s', (_name, value) => {
    expect(entries(json(value))).toEqual([{ id: 'fs', runtime: filesystemRuntime }])
  })

  test('one entry is called by what it starts', () => {
    expect(entries(json(filesystem))).toEqual([{ id: 'filesystem', runtime: filesystemRuntime }])
    expect(entries('{"url": "https://mcp.linear.app/sse"}')).toEqual([
      { id: 'linear', runtime: { type: 'remote-sse', url: 'https://mcp.linear.app/sse' } },
    ])
  })

  test('a piece of an object, with comments, a trailing comma and a fence around it', () => {
    const text = '```json\n"fs": { // files\n  "command": "files-mcp", /* no args */\n},\n```'
    expect(entries(text)).toEqual([{ id: 'fs', runtime: local('files-mcp') }])
  })

  test('a command with its arguments in one text is taken apart; a path with blanks is not', () => {
    expect(entries(json({ a: { command: 'npx -y "@x/y z"' } }))).toEqual([
      { id: 'a', runtime: local('npx', ['-y', '@x/y z']) },
    ])
    const program = 'C:\\Program Files\\mcp\\server.exe'
    expect(entries(json({ a: { command: program } }))).toEqual([
      { id: 'a', runtime: local(program) },
    ])
  })

  test('remote servers, whichever way they are told', () => {
    const found = entries(
      json({
        a: { url: 'https://a.example/mcp' },
        b: { type: 'sse', url: 'https://b.example/events' },
        c: { serverUrl: 'https://c.example/sse' },
        d: { httpUrl: 'https://d.example/mcp', headers: { 'X-Team': 'blue' } },
      }),
    )
    expect(found).toEqual([
      { id: 'a', runtime: { type: 'remote-http', url: 'https://a.example/mcp' } },
      { id: 'b', runtime: { type: 'remote-sse', url: 'https://b.example/events' } },
      { id: 'c', runtime: { type: 'remote-sse', url: 'https://c.example/sse' } },
      {
        id: 'd',
        runtime: {
          type: 'remote-http',
          url: 'https://d.example/mcp',
          headers: { 'X-Team': 'blue' },
        },
      },
    ])
  })

  test('ids are valid and unique; the name that was given stays readable', () => {
    const found = entries(
      json({ 'My Files!': filesystem, 'my files': filesystem, 'My-Files': filesystem }),
    )
    expect(found).toMatchObject([
      { id: 'My-Files', display_name: 'My Files!' },
      { id: 'my-files', display_name: 'my files' },
      { id: 'My-Files-2', display_name: 'My-Files' },
    ])
  })

  test('disabled, folder, hidden tools and what means nothing here', () => {
    const text = json({
      a: {
        ...filesystem,
        disabled: true,
        cwd: '/srv',
        excludeTools: ['rm'],
        autoApprove: ['x'],
        timeout: 60,
      },
    })
    expect(entries(text)).toEqual([
      {
        id: 'a',
        enabled: false,
        runtime: { ...filesystemRuntime, working_dir: '/srv' },
        tools: { deny: ['rm'] },
      },
    ])
    expect(notes(text)).toEqual(['Left out, since it means nothing here: autoApprove, timeout.'])
  })
})

describe('variables and placeholders', () => {
  const env = (values: Record<string, unknown>, more: object = {}): unknown =>
    entries(json({ ...more, servers: { a: { command: 'x-mcp', env: values } } }))[0]

  test.each([
    ['${input:github-token}', '${GITHUB_TOKEN}'],
    ['${env:TOKEN}', '${TOKEN}'],
    ['{env:TOKEN}', '${TOKEN}'],
    ['$TOKEN', '${TOKEN}'],
    ['${TOKEN}', '${TOKEN}'],
    ['${TOKEN:-none}', '${TOKEN:-none}'],
    ['<YOUR_GITHUB_PAT>', '${secret:SOME_KEY}'],
    ['YOUR_API_KEY', '${secret:SOME_KEY}'],
    ['your-api-key-here', '${secret:SOME_KEY}'],
    ['sk-xxxxxxxx', '${secret:SOME_KEY}'],
    ['', '${secret:SOME_KEY}'],
    ['...', '${secret:SOME_KEY}'],
    ['SOME_KEY', '${secret:SOME_KEY}'],
    ['${workspaceFolder}/data', '${WORKSPACE_FOLDER}/data'],
    ['${config:editor.x}', '$${config:editor.x}'],
    ['plain', 'plain'],
  ])('%s', (written, meant) => {
    expect(env({ SOME_KEY: written })).toMatchObject({ env: { SOME_KEY: meant } })
  })

  test('what an input asks for is told', () => {
    const text = json({
      inputs: [{ id: 'pat', type: 'promptString', description: 'A GitHub token', password: true }],
      servers: { a: { command: 'x-mcp', env: { T: '${input:pat}' } } },
    })
    expect(notes(text)).toEqual([
      'Set the secret PAT: A GitHub token (in Settings, or by gateway secrets set PAT)',
    ])
  })

  test('headers keep their scheme; options keep their name; paths are pointed out', () => {
    const text = json({
      a: { url: 'https://a.example/mcp', headers: { Authorization: 'Bearer <token>' } },
      b: { command: 'x-mcp', args: ['--key=<API_KEY>', '/path/to/folder'] },
      c: { url: 'https://c.example', headers: { 'X-Pat': '<YOUR_GITHUB_PAT>' } },
    })
    expect(entries(text)).toMatchObject([
      { runtime: { headers: { Authorization: 'Bearer ${secret:A_TOKEN}' } } },
      { runtime: { args: ['--key=${secret:B_API_KEY}', '/path/to/folder'] } },
      { runtime: { headers: { 'X-Pat': '${secret:GITHUB_PAT}' } } },
    ])
    expect(notes(text)).toContain('Replace /path/to/folder with a path of yours.')
  })

  test('what is written out stays', () => {
    expect(env({ API_TOKEN: 'abcdefgh12345', PORT: 80, gone: null })).toMatchObject({
      env: { API_TOKEN: 'abcdefgh12345', PORT: '80' },
    })
  })
})

describe('command lines and addresses', () => {
  test.each([
    [
      'npx -y @modelcontextprotocol/server-memory@1.2',
      'memory',
      local('npx', ['-y', '@modelcontextprotocol/server-memory@1.2']),
    ],
    [
      '$ uvx mcp-server-git --repository "/my repo"',
      'git',
      local('uvx', ['mcp-server-git', '--repository', '/my repo']),
    ],
    [
      'docker run -i --rm \\\n  ghcr.io/github/github-mcp-server',
      'github',
      { type: 'docker', image: 'ghcr.io/github/github-mcp-server' },
    ],
    ['./bin/files-mcp --stdio', 'files', local('./bin/files-mcp', ['--stdio'])],
    [
      'claude mcp add files -- npx -y files-mcp --all',
      'files',
      local('npx', ['-y', 'files-mcp', '--all']),
    ],
    ['claude mcp add files npx -y files-mcp', 'files', local('npx', ['-y', 'files-mcp'])],
    ['codex mcp add files -- files-mcp', 'files', local('files-mcp')],
    [
      'claude mcp add --transport http notion https://mcp.notion.com/mcp',
      'notion',
      { type: 'remote-http', url: 'https://mcp.notion.com/mcp' },
    ],
    [
      'claude mcp add -s user -t sse a https://a.example/events --header "X-Team: blue"',
      'a',
      { type: 'remote-sse', url: 'https://a.example/events', headers: { 'X-Team': 'blue' } },
    ],
    [`claude mcp add-json -s user files '{"command":"files-mcp"}'`, 'files', local('files-mcp')],
    [`code --add-mcp '{"name":"files","command":"files-mcp"}'`, 'files', local('files-mcp')],
    [
      'https://mcp.example.com/mcp',
      'example',
      { type: 'remote-http', url: 'https://mcp.example.com/mcp' },
    ],
    [
      'http://localhost:8080/sse',
      'local',
      { type: 'remote-sse', url: 'http://localhost:8080/sse' },
    ],
  ])('%s', (text, id, runtime) => {
    expect(entries(text)).toEqual([{ id, runtime }])
  })

  test('variables before a command and in options', () => {
    expect(entries('KEY=abc npx -y a-mcp')).toMatchObject([{ env: { KEY: 'abc' } }])
    expect(entries('claude mcp add -e A=1 B=2 --env C=3 a -- a-mcp')).toMatchObject([
      { id: 'a', env: { A: '1', B: '2', C: '3' }, runtime: { command: 'a-mcp' } },
    ])
  })

  test('YAML of a catalog', () => {
    expect(entries('- id: a\n  runtime: { type: local-process, command: x }')).toEqual([
      { id: 'a', runtime: local('x') },
    ])
  })
})

test.each([
  ['', 'There is nothing in it.'],
  ['hello world', 'Paste the JSON'],
  ['{"mcpServers": {"a": {"command": "x"}', 'not valid at line 1'],
  ['{"a": 1}', 'names no server'],
  ['- id: a\n  runtime: { type: local-process }', 'cannot be used'],
  ['{"id": "a", "runtime": {"type": "rocket"}}', 'cannot be used'],
])('%s is refused with a reason', (text, why) => {
  expect(() => entriesFromSnippet(text)).toThrow(why)
})

describe('docker run becomes a container of the gateway', () => {
  const run = (...args: string[]) => ({ command: 'docker', args: ['run', ...args] })

  test('with its variables: written out, of the entry, or of the environment', () => {
    const servers = {
      github: {
        ...run('-i', '--rm', '-e', 'TOKEN', '-e', 'HOST', '--env=LEVEL=info', '-eMODE=<your-mode>'),
        env: { TOKEN: '<YOUR_TOKEN>', UNUSED: 'x' },
      },
    }
    servers.github.args.push('ghcr.io/github/github-mcp-server', 'stdio', '--read-only')
    expect(entries(json({ mcpServers: servers }))).toEqual([
      {
        id: 'github',
        runtime: {
          type: 'docker',
          image: 'ghcr.io/github/github-mcp-server',
          args: ['stdio', '--read-only'],
        },
        env: { TOKEN: '${secret:TOKEN}', LEVEL: 'info', MODE: '${MODE}' },
        inherit_env: ['HOST'],
      },
    ])
    expect(notes(json({ mcpServers: servers }))).toEqual([
      'Set the secret TOKEN: in Settings, or by gateway secrets set TOKEN',
      'Set the variable MODE in your environment.',
      'Left out, since `docker run` did not hand it to the container: UNUSED.',
      expect.stringContaining('The gateway runs this container itself'),
    ])
  })

  test('with its limits, folders and network', () => {
    const options =
      '-it --init --read-only --name files -m 512m --cpus=0.5 -u 1000:1000 --network=none --pull missing -a stdin ' +
      '--label a=b --cap-drop=ALL --security-opt no-new-privileges -v /data:/data:ro -v ${DATA}:/more --env-file /keys.env ' +
      '--mount type=bind,src=/a,dst=/c,readonly --mount source=cache,target=/cache'
    const args = ['run', ...options.split(' '), 'mcp/files']
    const found = entries(json({ files: { command: '/usr/bin/podman', args } }))
    expect(found).toEqual([
      {
        id: 'files',
        runtime: {
          type: 'docker',
          engine: 'podman',
          image: 'mcp/files',
          read_only: true,
          container_name: 'files',
          memory: '512m',
          cpus: 0.5,
          user: '1000:1000',
          network: 'none',
          volumes: ['/data:/data:ro', '${DATA}:/more', '/a:/c:ro', 'cache:/cache'],
        },
        env_file: '/keys.env',
      },
    ])
  })

  test.each([
    ['what a container of the gateway never is', run('-i', '--privileged', 'mcp/x')],
    ['another entry point', run('-i', '--entrypoint', 'sh', 'mcp/x')],
    ['a published port', run('-p', '8080:80', 'mcp/x')],
    ['in the background', run('-d', 'mcp/x')],
    ['a shell’s variable in a volume', run('-v', '$PWD:/data', 'mcp/x')],
    ['a size that is none', run('-m', 'much', 'mcp/x')],
    ['a number that is none', run('--cpus', 'all', 'mcp/x')],
    ['no image', run('-i', '--rm')],
    ['no value', run('-i', '-e')],
    ['an image that is always pulled', run('--pull=always', 'mcp/x')],
    ['two files of variables', run('--env-file', '/a', '--env-file', '/b', 'mcp/x')],
    ['a temporary mount', run('--mount', 'type=tmpfs,target=/x', 'mcp/x')],
    ['another engine', { ...run('mcp/x'), env: { DOCKER_HOST: 'tcp://a.example:2376' } }],
    ['a folder of its own, with a relative volume', { ...run('-v', './a:/a', 'mcp/x'), cwd: '/w' }],
    ['another command of Docker', { command: 'docker', args: ['mcp', 'gateway', 'run'] }],
    ['another program', { command: 'docker-mcp', args: ['run', 'mcp/x'] }],
  ])('but not with %s', (_name, server) => {
    const [found] = entries(json({ x: server }))
    expect(found).toMatchObject({
      runtime: { type: 'local-process', command: server.command, args: server.args },
    })
  })
})
