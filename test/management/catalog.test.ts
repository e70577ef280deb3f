import fs from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openHost } from './host.ts'

const text = `# all of mine
servers:
  - id: one # first
    runtime:
      type: local-process
      command: x

  # second
  - { id: two, runtime: { type: remote-http, url: "https://a.example" } }
`

test('the text comes with its version, its place and the lines of its servers', async () => {
  const { call, catalogPath } = await openHost({ catalogText: text })
  const read = await call('catalog.read', {})
  expect(read).toMatchObject({ text, path: catalogPath, problems: [] })
  expect(read.entries).toEqual([
    {
      id: 'one',
      from_line: 3,
      to_line: 6,
      entry: { id: 'one', runtime: { type: 'local-process', command: 'x' } },
    },
    {
      id: 'two',
      from_line: 9,
      to_line: 9,
      entry: { id: 'two', runtime: { type: 'remote-http', url: 'https://a.example' } },
    },
  ])
})

describe('check', () => {
  test('names each problem with its place, and still tells the servers that can be read', async () => {
    const { call } = await openHost()
    const checked = await call('catalog.check', {
      text: text.replace('command: x', 'comand: x').replace('url:', 'url: "a", id:'),
    })
    expect(checked.problems.map(({ line }) => line)).toEqual([5, 6, 9])
    expect(checked.problems).toContainEqual(
      expect.objectContaining({
        line: 6,
        column: 7,
        message: expect.stringContaining("'command'"),
      }),
    )
    expect(checked.entries.map(({ id }) => id)).toEqual(['one', 'two'])
  })

  test('of a text that is no YAML yet', async () => {
    const { call } = await openHost()
    const checked = await call('catalog.check', { text: `${text}  - id: "three\n` })
    expect(checked.problems).toMatchObject([{ message: expect.stringContaining('Not valid YAML') }])
    expect(checked.entries.map(({ id }) => id)).toEqual(expect.arrayContaining(['one', 'two']))
  })

  test.each([
    '',
    'null',
    '[]',
    '{',
    '\u0000',
    '&a [*a]',
    'servers: 7',
    'servers: [null, 3]',
    '---\n---\n',
    'x'.repeat(5_000_000),
  ])('never fails (%#)', async (odd) => {
    const { call } = await openHost()
    expect(await call('catalog.check', { text: odd })).toHaveProperty('problems')
  })
})

test('edits change a text, keep its comments, and write nothing', async () => {
  const { call, catalogPath } = await openHost({ catalogText: text })
  const edited = await call('catalog.edit', {
    text,
    edits: [
      { op: 'patch', id: 'one', patch: { tags: ['a'] } },
      { op: 'remove', id: 'two' },
      { op: 'add', entry: { id: 'three', runtime: { type: 'local-process', command: 'y' } } },
    ],
  })
  expect(edited.entries.map(({ id }) => id)).toEqual(['one', 'three'])
  expect(edited.text).toContain('# first')
  expect(edited.text).toContain('tags: [ a ]'.replaceAll('[ a ]', '[a]'))
  expect(await fs.readFile(catalogPath, 'utf8')).toBe(text)
  await expect(
    call('catalog.edit', { text, edits: [{ op: 'remove', id: 'no' }] }),
  ).rejects.toMatchObject({ code: 'server_not_found' })
})

describe('save', () => {
  test('writes a valid text and puts it in force', async () => {
    const { call, catalogPath } = await openHost({ catalogText: text })
    const { etag } = await call('catalog.read', {})
    const next = text.replace('id: one', 'id: first')
    const saved = await call('catalog.save', { text: next, etag })
    expect(saved.reload).toMatchObject({ servers_added: ['first'], servers_removed: ['one'] })
    expect(await fs.readFile(catalogPath, 'utf8')).toBe(next)
    expect((await call('catalog.read', {})).etag).toBe(saved.etag)
  })

  test('refuses to overwrite what somebody else has written', async () => {
    const { call, catalogPath } = await openHost({ catalogText: text })
    const { etag } = await call('catalog.read', {})
    await fs.writeFile(catalogPath, `${text}# theirs\n`)
    await expect(call('catalog.save', { text, etag })).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    expect(await fs.readFile(catalogPath, 'utf8')).toContain('# theirs')
  })

  test('refuses a text that is not valid, with the places', async () => {
    const { call, catalogPath } = await openHost({ catalogText: text })
    const { etag } = await call('catalog.read', {})
    await expect(call('catalog.save', { text: 'servers: 7\n', etag })).rejects.toMatchObject({
      code: 'catalog_invalid',
      data: { problems: [expect.objectContaining({ line: 1, column: 10 })] },
    })
    expect(await fs.readFile(catalogPath, 'utf8')).toBe(text)
  })
})

test('the schema describes every field, for completion', async () => {
  const { call } = await openHost()
  const schema = JSON.stringify(await call('catalog.schema', {})).replaceAll('{}', '0')
  for (const field of ['display_name', 'idle_timeout_seconds', 'working_dir', 'env_file'])
    expect(schema).toMatch(new RegExp(`"${field}":\\{[^{}]*"description"`))
})

test('a snippet gives entries that can be added', async () => {
  const { call } = await openHost({ catalogText: text })
  const { entries } = await call('catalog.from_snippet', {
    text: '{"mcpServers": {"files": {"command": "files-mcp"}}}',
  })
  const edited = await call('catalog.edit', {
    text,
    edits: entries.map(({ entry }) => ({ op: 'add' as const, entry })),
  })
  expect(edited.problems).toEqual([])
  await expect(call('catalog.from_snippet', { text: 'what?' })).rejects.toMatchObject({
    code: 'bad_request',
  })
})

test('a pattern of the schema takes what the gateway takes, for readers that know no flags', async () => {
  const { call } = await openHost()
  const schema = JSON.stringify(await call('catalog.schema', {}))
  const [, written] = /"memory":\{[^{}]*"pattern":("[^"]+")/.exec(schema) ?? []
  const pattern = new RegExp(z.string().parse(JSON.parse(written ?? '0')))
  for (const size of ['512M', '1.5 g', '2GiB', '4096', '${SIZE}', 'x\n${SIZE}'])
    expect(size).toMatch(pattern)
  expect('much').not.toMatch(pattern)
})
