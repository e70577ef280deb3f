import { describe, expect, it } from 'vitest'
import { addServer, patchServer, removeServer } from '../../src-main/catalog/edit.ts'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import { GatewayError } from '../../src-shared/errors.ts'

const commented = `# My servers
---
servers:   # all of them

  # for work
  - id: postgres   # the big one
    display_name: 'PostgreSQL'
    runtime: { type: local-process, command: "postgres-mcp", args: [--transport, stdio] }
    env:
      PGHOST: db.example.com   # production
      # PGPORT: 5433
      PGUSER: "me"
    tags: [database,   sql]

  # for fun
  - id: files
    runtime:
      type: local-process
      command: npx
      args:
        - -y   # no questions
        - server-filesystem
    # idle_timeout_seconds: 5

# the end
`

const entry = {
  id: 'new',
  runtime: { type: 'local-process', command: 'npx', args: ['-y', '@x/y', '${HOME}/a b'] },
  env: { TOKEN: '${TOKEN}', PORT: '8080' },
}

function codeOf(fn: () => unknown): string {
  try {
    fn()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.code
    throw thrown
  }
  return 'none'
}

function ids(text: string): string[] {
  return parseCatalog(text, 'catalog.yaml').servers.map(({ id }) => id)
}

describe('adding a server', () => {
  it('writes texts of several lines as one text each', () => {
    const runtime = { type: 'local-process', command: 'x', args: ['v:\na', '- b\n', 'c'] }
    const added = addServer(commented, { id: 'new', runtime })
    expect(parseCatalog(added, 'catalog.yaml').servers.at(-1)).toMatchObject({ runtime })
  })

  it('puts it behind the last one, spaced and indented like the others', () => {
    const text = addServer(commented, entry)
    expect(text).toBe(
      commented.replace(
        '\n# the end',
        `
  - id: new
    runtime:
      type: local-process
      command: npx
      args: [-y, "@x/y", "\${HOME}/a b"]
    env:
      TOKEN: \${TOKEN}
      PORT: "8080"

# the end`,
      ),
    )
  })

  it.each([
    ['an empty file', '', 'servers:\n  - id: a\n    runtime: x\n'],
    ['comments only', '# hi', '# hi\nservers:\n  - id: a\n    runtime: x'],
    [
      'a key without a value',
      'servers: # c\n# d\n',
      'servers: # c\n  - id: a\n    runtime: x\n# d\n',
    ],
    [
      'an empty list',
      'servers: [] # c\n  # d\n',
      'servers: # c\n  - id: a\n    runtime: x\n  # d\n',
    ],
    [
      'lists in the column of their key',
      'servers:\n- id: b\n  runtime: x',
      'servers:\n- id: b\n  runtime: x\n- id: a\n  runtime: x',
    ],
    [
      'Windows line ends',
      'servers:\r\n  - id: b\r\n    runtime: x\r\n',
      'servers:\r\n  - id: b\r\n    runtime: x\r\n  - id: a\r\n    runtime: x\r\n',
    ],
    [
      'wide dashes',
      'servers:\n    -   id: b\n        runtime: x\n',
      'servers:\n    -   id: b\n        runtime: x\n    -   id: a\n        runtime: x\n',
    ],
    [
      'flow maps',
      'servers:\n  - { id: b, runtime: x }\n',
      'servers:\n  - { id: b, runtime: x }\n  - { id: a, runtime: x }\n',
    ],
    [
      'JSON',
      '{"servers": [{"id": "b", "runtime": "x"}]}',
      '{"servers": [{"id": "b", "runtime": "x"}, { "id": "a", "runtime": "x" }]}',
    ],
    [
      'JSON in lines',
      '{\n  "servers": [\n    {"id": "b", "runtime": "x"}\n  ]\n}\n',
      '{\n  "servers": [\n    {"id": "b", "runtime": "x"},\n    { "id": "a", "runtime": "x" }\n  ]\n}\n',
    ],
    ['an empty JSON map', '{}', '{ servers: [{ id: a, runtime: x }] }'],
    ['an empty JSON list', '{"servers": []}', '{"servers": [{ "id": "a", "runtime": "x" }]}'],
  ])('fits into %s', (_name, before, after) => {
    const runtime = '{type: local-process, command: x}'
    const full = (text: string): string =>
      text.replaceAll(/"?runtime"?: "?x"?/g, `"runtime": ${runtime}`)
    // The new entry's own text is whatever style it gets; what matters is its place.
    const text = addServer(full(before), {
      id: 'a',
      runtime: { type: 'local-process', command: 'x' },
    })
    const plain = text
      .replaceAll(full('runtime: x'), 'RUNTIME')
      .replace(
        /"?runtime"?:(?:\s+"?type"?: "?local-process"?,?\s+"?command"?: "?x"?| \{ "?type"?: "?local-process"?, "?command"?: "?x"? \})/,
        'RUNTIME',
      )
    expect(plain).toBe(full(after).replaceAll(full('runtime: x'), 'RUNTIME'))
    expect(ids(text)).toContain('a')
  })

  it('refuses a taken id, what is no map, and what would not be valid', () => {
    expect(codeOf(() => addServer(commented, { ...entry, id: 'files' }))).toBe('conflict')
    expect(codeOf(() => addServer(commented, [entry]))).toBe('bad_request')
    expect(codeOf(() => addServer(commented, undefined))).toBe('bad_request')
    expect(codeOf(() => addServer(commented, { id: 'x' }))).toBe('catalog_invalid')
    expect(() => addServer(commented, { ...entry, comand: 1 })).toThrow(
      "Unknown key 'comand' in server 'new'",
    )
  })

  it('refuses a text that is not YAML', () => {
    expect(codeOf(() => addServer('servers: [', entry))).toBe('catalog_invalid')
  })
})

describe('removing a server', () => {
  it('takes its lines and one blank line, and leaves the comments around it', () => {
    expect(removeServer(commented, 'files')).toBe(
      commented.replace(/ {2}- id: files[^]*idle_timeout_seconds: 5\n/, ''),
    )
    expect(removeServer(commented, 'postgres')).toBe(
      commented.replace(/ {2}- id: postgres[^]*sql\]\n/, ''),
    )
  })

  it('leaves an empty list behind the last one', () => {
    const one = removeServer(commented, 'files')
    expect(removeServer(one, 'postgres')).toContain('servers: []   # all of them\n')
  })

  it('says which one it does not know', () => {
    expect(codeOf(() => removeServer(commented, 'x'))).toBe('server_not_found')
  })

  it('keeps the blank lines that belong to a block text', () => {
    const text = `servers:
  - id: a
    runtime: { type: local-process, command: x }
    description: |+
      text

  - id: b
    runtime: { type: local-process, command: x }
`
    expect(removeServer(text, 'b')).toBe(text.replace(/ {2}- id: b[^]*/, ''))
    expect(removeServer(addServer(text, entry), 'new')).toBe(text)
    const only = removeServer(text, 'b')
    expect(removeServer(addServer(only, entry), 'new')).toBe(only)
  })

  it('refuses to remove what others are made of', () => {
    const text = `servers:
  - id: a
    runtime: &r { type: local-process, command: x }
  - id: b
    runtime: *r
`
    expect(() => removeServer(text, 'a')).toThrow(/anchors.*edit the file by hand/)
    expect(ids(removeServer(text, 'b'))).toEqual(['a'])
  })
})

describe('patching a server', () => {
  it.each([
    ['a plain text', { runtime: { command: 'uvx' } }, 'command: "postgres-mcp"', 'command: "uvx"'],
    ['a quoted text', { display_name: "Bob's" }, "'PostgreSQL'", "'Bob''s'"],
    ['an entry deep inside', { env: { PGHOST: 'x' } }, 'PGHOST: db.example.com ', 'PGHOST: x '],
    ['a list in brackets', { tags: ['one'] }, '[database,   sql]', '[one]'],
    ['a removed entry', { env: { PGUSER: null } }, '      PGUSER: "me"\n', ''],
    ['a removed key', { display_name: null }, "    display_name: 'PostgreSQL'\n", ''],
    ['a removed block', { env: null }, /    env:\n[^]*"me"\n/, ''],
    ['an emptied block', { env: { PGHOST: null, PGUSER: null } }, /env:\n[^]*"me"\n/, 'env: {}\n'],
    ['a new key', { always_on: true }, 'sql]\n', 'sql]\n    always_on: true\n'],
    ['a new entry', { env: { A: '1' } }, '"me"\n', '"me"\n      A: "1"\n'],
    [
      'a new entry in braces',
      { runtime: { working_dir: '/x y' } },
      'stdio] }',
      'stdio], working_dir: "/x y" }',
    ],
    ['a list in braces', { runtime: { args: null } }, ', args: [--transport, stdio]', ''],
    ['nothing', { display_name: 'PostgreSQL', tags: ['database', 'sql'], x: null }, '', ''],
    ['a new name', { id: 'pg' }, 'id: postgres ', 'id: pg '],
  ])('changes %s and not a byte more', (_name, patch, from, to) => {
    expect(patchServer(commented, 'postgres', patch)).toBe(commented.replace(from, to))
    const windows = commented.replaceAll('\n', '\r\n')
    expect(patchServer(windows, 'postgres', patch)).toBe(
      commented.replace(from, to).replaceAll('\n', '\r\n'),
    )
  })

  it('replaces a list of lines by lines', () => {
    expect(patchServer(commented, 'files', { runtime: { args: ['a', 'b: c'] } })).toBe(
      commented.replace(/- -y[^]*filesystem/, '- a\n        - "b: c"'),
    )
  })

  it('replaces block texts', () => {
    const text = `servers:
  - id: a
    description: |
      one
      two

    runtime: {type: local-process, command: x}
`
    expect(patchServer(text, 'a', { description: 'short' })).toBe(
      text.replace(/\|[^]*two/, 'short'),
    )
    const long = patchServer(text, 'a', { description: 'x\ny: #\n' })
    expect(parseCatalog(long, '').servers[0]?.description).toBe('x\ny: #\n')
  })

  it('fills what was empty', () => {
    const text = `servers:
  - id: a
    env:   # none yet
    tags: []
    runtime: {type: local-process, command: x}
`
    expect(patchServer(text, 'a', { env: { A: 'b' }, tags: ['c'] })).toBe(
      text.replace('none yet\n', 'none yet\n      A: b\n').replace('[]', '[c]'),
    )
  })

  it('refuses to reach through aliases and merge keys, and says so', () => {
    const text = `servers:
  - id: a
    runtime: { type: local-process, command: x }
    env: &common { A: "1" }
  - id: b
    runtime: { type: local-process, command: x }
    env: *common
  - id: c
    runtime: { type: local-process, command: x }
    env: { <<: *common, B: "2" }
`
    expect(codeOf(() => patchServer(text, 'a', { env: { A: '2' } }))).toBe('conflict')
    expect(() => patchServer(text, 'b', { env: { A: '2' } })).toThrow('the alias *common')
    expect(() => patchServer(text, 'c', { env: { A: null } })).toThrow('merge key')
    // What is the server's own can be changed.
    expect(patchServer(text, 'c', { env: { B: '3' } })).toBe(text.replace('"2"', '"3"'))
    expect(patchServer(text, 'c', { env: { A: '3' } })).toContain('B: "2", A: "3" }')
    expect(patchServer(text, 'b', { env: null })).toBe(text.replace('    env: *common\n', ''))
  })

  it('refuses what would not be valid, and keys that are not data', () => {
    expect(codeOf(() => patchServer(commented, 'files', { runtime: null }))).toBe('catalog_invalid')
    expect(codeOf(() => patchServer(commented, 'files', { id: 'postgres' }))).toBe(
      'catalog_invalid',
    )
    expect(codeOf(() => patchServer(commented, 'files', null))).toBe('bad_request')
    expect(codeOf(() => patchServer(commented, 'x', {}))).toBe('server_not_found')
    const hostile: unknown = JSON.parse('{"env": {"__proto__": {"A": "1"}}}')
    expect(codeOf(() => patchServer(commented, 'files', hostile))).toBe('conflict')
  })
})
