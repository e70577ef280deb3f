import { describe, expect, it } from 'vitest'
import { serverIdPattern } from '../../../src-shared/catalog.ts'
import {
  entryFromTemplate,
  entryFromUrl,
  templates,
} from '../../../src-renderer/screens/catalog/add-templates.ts'
import { entryToAdd, foundServers } from '../../../src-renderer/screens/catalog/found-servers.ts'
import { freeId, idFrom } from '../../../src-renderer/screens/catalog/new-id.ts'
import { looksSecret, secretIn } from '../../../src-renderer/screens/catalog/secret-hint.ts'

describe('the ID that is proposed', () => {
  it.each([
    ['@modelcontextprotocol/server-filesystem', 'filesystem'],
    ['@scope/mcp-thing@1.2.3', 'thing'],
    ['mcp-server-git', 'git'],
    ['/usr/local/bin/postgres-mcp', 'postgres'],
    ['C:\\Tools\\Clock Server.exe', 'Clock-Server'],
    ['https://mcp.linear.app/mcp', 'linear'],
    ['https://api.githubcopilot.com/mcp/', 'githubcopilot'],
    ['@@', 'server'],
    ['', 'server'],
    [`x${'y'.repeat(100)}`, `x${'y'.repeat(63)}`],
  ])('%s → %s', (source, id) => {
    expect(idFrom(source)).toBe(id)
    expect(idFrom(source)).toMatch(serverIdPattern)
  })

  it('is one that none has', () => {
    expect(freeId('a', new Set())).toBe('a')
    expect(freeId('a', new Set(['a', 'a-2']))).toBe('a-3')
    expect(freeId('y'.repeat(64), new Set(['y'.repeat(64)]))).toMatch(serverIdPattern)
  })
})

describe('what looks like a secret', () => {
  it.each([
    ['API_KEY', 'abc', true],
    ['X', 'ghp_abcdefghijklmnop', true],
    ['X', 'Bearer sk-abc', true],
    ['X', 'a1b2c3d4e5f6a7b8c9d0e1f2', true],
    ['DATABASE_URL', 'postgres://u:p@host/db', false],
    ['API_KEY', '${API_KEY}', false],
    ['API_KEY', '', false],
    ['KEY_FILE', '/etc/keys/a.pem', false],
    ['USE_TOKEN', 'true', false],
    ['LOG_LEVEL', 'debug', false],
  ])('%s=%s: %s', (name, value, expected) => expect(looksSecret(name, value)).toBe(expected))

  it('goes by its own name, or by the server’s', () => {
    const named = (name: string, text: string, id: string) =>
      Object.values(secretIn(name, text, id))
    expect(named('API_KEY', 'x', 'a')).toEqual(['', 'API_KEY', 'x'])
    expect(named('Authorization', 'Bearer abc', 'my-hub')).toEqual([
      'Bearer ',
      'MY_HUB_TOKEN',
      'abc',
    ])
    expect(named('X-Api-Key', 'abc', '2nd')).toEqual(['', '_2ND_X_API_KEY', 'abc'])
  })
})

describe('servers that were found', () => {
  const entry = {
    id: 'hub',
    runtime: { type: 'remote-http', url: 'https://x', headers: { Authorization: 'Bearer abc' } },
    env: { TOKEN: 'abc', MODE: 'fast' },
  }

  it('get free IDs, also among themselves, and say so', () => {
    const found = foundServers(
      [entry, entry].map((one) => ({ entry: one, notes: ['n'] })),
      ['hub'],
    )
    expect(found.map(({ id }) => id)).toEqual(['hub-2', 'hub-3'])
    expect(found[0]?.notes).toEqual(["There is a server 'hub' already.", 'n'])
  })

  it('keep what was pasted, but for secrets, which go elsewhere unless they are to stay', async () => {
    const [found] = foundServers([{ entry, notes: [] }], [])
    if (found === undefined) throw new Error('nothing found')
    expect(found.secrets.map(({ name }) => name)).toEqual(['TOKEN', 'Authorization'])
    const set: string[] = []
    const keep = async (name: string, value: string): Promise<string> => {
      set.push(`${name}=${value}`)
      return `<${name}>`
    }
    expect(await entryToAdd({ ...found, kept: new Set() }, keep)).toEqual(entry)
    expect(set).toEqual([])
    expect(await entryToAdd({ ...found, id: 'x' }, keep)).toEqual({
      id: 'x',
      runtime: { ...entry.runtime, headers: { Authorization: 'Bearer <HUB_TOKEN>' } },
      env: { TOKEN: '<TOKEN>', MODE: 'fast' },
    })
    expect(set).toEqual(['TOKEN=abc', 'HUB_TOKEN=abc'])
    expect(await entryToAdd(found, async () => undefined)).toBeUndefined()
    expect(entry.runtime.headers.Authorization).toBe('Bearer abc')
  })
})

describe('templates', () => {
  it('make what a person would write', () => {
    const made = Object.fromEntries(
      templates.map((one) => [one.id, entryFromTemplate(one, ' name ', ['-x'])?.['runtime']]),
    )
    expect(made).toEqual({
      npx: { type: 'local-process', command: 'npx', args: ['-y', 'name', '-x'] },
      uvx: { type: 'local-process', command: 'uvx', args: ['name', '-x'] },
      binary: { type: 'local-process', command: 'name', args: ['-x'] },
      docker: { type: 'docker', image: 'name', args: ['-x'] },
      podman: { type: 'docker', engine: 'podman', image: 'name', args: ['-x'] },
      remote: { type: 'remote-http', url: 'name' },
    })
    expect(templates.every((one) => entryFromTemplate(one, ' ', []) === undefined)).toBe(true)
  })

  it('call a container by its image, whatever registry and tag it has', () => {
    const docker = templates.find(({ id }) => id === 'docker')
    if (docker === undefined) throw new Error('There is no template for Docker.')
    for (const [image, id] of [
      ['mcp/postgres:1.2', 'postgres'],
      ['registry.example:5000/mcp-server-git', 'git'],
      [`ghcr.io/github/github-mcp-server@sha256:${'0'.repeat(64)}`, 'github'],
    ] as const)
      expect(entryFromTemplate(docker, image, [])).toEqual({
        id,
        runtime: { type: 'docker', image },
      })
  })

  it('take no address that is none, and no token in place of its variable’s name', () => {
    expect(entryFromUrl('ftp://x', 'remote-http', '')).toBeUndefined()
    expect(entryFromUrl('x', 'remote-http', '')).toBeUndefined()
    expect(entryFromUrl('https://x', 'remote-http', 'ghp_abc-def')).toBeUndefined()
    expect(entryFromUrl('https://hub.example/mcp', 'remote-sse', 'T')).toEqual({
      id: 'hub',
      runtime: {
        type: 'remote-sse',
        url: 'https://hub.example/mcp',
        headers: { Authorization: 'Bearer ${T}' },
      },
    })
  })
})
