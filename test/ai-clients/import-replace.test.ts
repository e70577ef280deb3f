import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Connections } from '../../src-main/ai-clients/connections.ts'
import { ImportBench } from './import-bench.ts'

const cursor = '.cursor/mcp.json'
const two = `{
  // mine
  "mcpServers": {
    "git": { "command": "npx", "args": ["-y", "git-mcp"] }, // the first
    "mail": { "url": "https://mail.example/mcp" }
  }
}
`
const names = (text: string): string[] =>
  Object.keys(JSON.parse(text.replaceAll(/ \/\/.*/g, '')).mcpServers)

describe.runIf(process.platform !== 'win32')('entries that give way', () => {
  test('are one step, which undo takes back byte for byte', async () => {
    const bench = new ImportBench()
    const file = bench.user.write(cursor, two)
    const done = await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect(done.clients).toMatchObject([
      { id: 'cursor', file, replaced: ['git', 'mail'], problem: null },
    ])
    expect(names(bench.user.read(cursor))).toEqual(['gateway'])
    expect(fs.readFileSync(done.clients[0]?.backup ?? '', 'utf8')).toBe(two)
    expect(await bench.user.connections.undo('cursor')).toMatchObject({ exact: true })
    expect(bench.user.read(cursor)).toBe(two)
    expect(bench.entries().map(({ id }) => id)).toEqual(['git', 'mail'])
  })

  test('of a client that is connected already: undo comes back to that', async () => {
    const bench = new ImportBench()
    bench.user.write(cursor, '{"mcpServers":{}}')
    const { connections } = bench.user
    await connections.connect({ id: 'cursor', kind: 'shim-all', name: 'all' })
    const later = bench.user
      .read(cursor)
      .replace('{"mcpServers":{', '{"mcpServers":{"git":{"command":"git-mcp"},')
    bench.user.write(cursor, later)
    await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect(names(bench.user.read(cursor))).toEqual(['all'])
    const first = await connections.undo('cursor')
    expect(first).toMatchObject({ exact: true, client: { connections: [{ entries: ['all'] }] } })
    expect(bench.user.read(cursor)).toBe(later)
    // The file was changed since the first step: there our entry alone goes.
    expect(await connections.undo('cursor')).toMatchObject({ exact: false })
    expect(names(bench.user.read(cursor))).toEqual(['git'])
  })

  test('twice: undo goes back step by step', async () => {
    const bench = new ImportBench()
    const { connections } = bench.user
    const states = [bench.user.read(bench.user.write(cursor, two))]
    for (const name of ['one', 'two']) {
      await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
      states.push(bench.user.read(cursor))
      const text = bench.user.read(cursor)
      const added = text.replace(
        '"mcpServers": {',
        `"mcpServers": {"${name}":{"command":"${name}"},`,
      )
      states.push(bench.user.read(bench.user.write(cursor, added)))
    }
    await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(bench.user.read(cursor)).toBe(states[4])
    bench.user.write(cursor, states[3] ?? '')
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(bench.user.read(cursor)).toBe(states[2])
    bench.user.write(cursor, states[1] ?? '')
    expect(await connections.undo('cursor')).toMatchObject({ exact: true })
    expect(bench.user.read(cursor)).toBe(two)
    await expect(connections.undo('cursor')).rejects.toThrow('not connected')
  })

  test('disconnect takes our entry out of it all, and says where the others are', async () => {
    const bench = new ImportBench()
    bench.user.write(cursor, '{"mcpServers":{}}')
    const { connections } = bench.user
    await connections.connect({ id: 'cursor', kind: 'shim-all' })
    bench.user.write(
      cursor,
      bench.user
        .read(cursor)
        .replace('{"mcpServers":{', '{"mcpServers":{"git":{"command":"git-mcp"},'),
    )
    await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    const { message, client } = await connections.disconnect('cursor')
    expect(message).toMatch(/had replaced \(git\) are in \S+backups/)
    expect(client.connections).toEqual([])
    expect(names(bench.user.read(cursor))).toEqual([])
  })

  test('with an entry for each server, each gets one', async () => {
    const bench = new ImportBench({
      catalog: 'servers:\n  - {id: files, runtime: {type: local-process, command: f}}\n',
    })
    bench.user.write(cursor, '{"mcpServers":{}}')
    await bench.user.connections.connect({ id: 'cursor', kind: 'shim-per-server', name: 'my' })
    const text = bench.user.read(cursor)
    bench.user.write(
      cursor,
      text.replace(
        '{"mcpServers":{',
        '{"mcpServers":{"git":{"command":"git-mcp"},"off":{"command":"x","disabled":true},',
      ),
    )
    await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect(names(bench.user.read(cursor))).toEqual(['my-files', 'git'])
    expect(bench.user.read(cursor)).toMatch(/"--server",\s*"git"/)
    expect(bench.entries().map(({ id }) => id)).toEqual(['files', 'git', 'off'])
  })

  test('an HTTP entry keeps its token', async () => {
    const bench = new ImportBench()
    const { options } = bench.user.connections
    const issued: string[] = []
    const revoked: string[] = []
    const connections = new Connections({
      ...options,
      tokens: {
        issue: async () => {
          issued.push(`t${issued.length}`)
          return { id: 'cursor', token: 'the-token' }
        },
        revoke: async (id) => void revoked.push(id),
      },
    })
    bench.user.write(cursor, '{"mcpServers":{}}')
    await connections.connect({ id: 'cursor', kind: 'http' })
    bench.user.write(
      cursor,
      bench.user
        .read(cursor)
        .replace('{"mcpServers":{', '{"mcpServers":{"git":{"command":"git-mcp"},'),
    )
    await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect([issued, revoked]).toEqual([['t0'], []])
    expect(names(bench.user.read(cursor))).toEqual(['gateway'])
    expect(bench.user.read(cursor)).toContain('the-token')
    await connections.disconnect('cursor')
    expect(revoked).toEqual(['cursor'])
  })

  test('a server that somebody has put under our name since is theirs', async () => {
    const bench = new ImportBench()
    bench.user.write(cursor, '{"mcpServers":{}}')
    const { connections } = bench.user
    await connections.connect({ id: 'cursor', kind: 'shim-all' })
    const theirs = '{"mcpServers":{"gateway":{"command":"their-mcp"}}}'
    bench.user.write(cursor, theirs)
    await expect(connections.connect({ id: 'cursor', kind: 'shim-all' })).rejects.toThrow(
      'has not written',
    )
    await connections.connect({ id: 'cursor', kind: 'shim-all', name: 'mine' })
    expect(names(bench.user.read(cursor))).toEqual(['gateway', 'mine'])
    expect((await bench.servers()).map(({ id }) => id)).toEqual(['gateway'])
    await connections.disconnect('cursor')
    expect(names(bench.user.read(cursor))).toEqual(['gateway'])
  })

  test('no difference that is shown has a secret in it', async () => {
    const bench = new ImportBench()
    const args = ['--api-key', 'q1w2e3r4t5', 'https://me:pa55word@x.example/?token=abcdef12']
    bench.user.write(
      cursor,
      JSON.stringify({ mcpServers: { git: { command: 'x', args } } }, undefined, 2),
    )
    const options = { id: 'cursor', kind: 'shim-all', replace: ['git'] } as const
    const { diff } = await bench.user.connections.preview(options)
    expect(diff).toContain('-        "--api-key",')
    expect(diff).not.toMatch(/q1w2e3r4t5|pa55word|abcdef12/)
  })

  test('a file that cannot be written is found out before anything is done', async () => {
    const bench = new ImportBench()
    const file = bench.user.write(cursor, two)
    fs.chmodSync(file, 0o444)
    await expect(bench.importAll({ from: 'clients' }, { replace: ['cursor'] })).rejects.toThrow(
      'read-only',
    )
    expect(bench.text()).toBe('')
    expect(bench.user.connections.row('cursor').connections).toEqual([])
  })

  test('what is in the catalog already gives way as well', async () => {
    const bench = new ImportBench()
    bench.user.write(cursor, two)
    await bench.importAll()
    const done = await bench.importAll({ from: 'clients' }, { replace: ['cursor'] })
    expect(done).toMatchObject({ added: [], clients: [{ replaced: ['git', 'mail'] }] })
    await expect(
      bench.importAll({ from: 'text', text: 'npx -y x-mcp' }, { replace: ['cursor'] }),
    ).rejects.toThrow('None of the picked servers')
  })
})
