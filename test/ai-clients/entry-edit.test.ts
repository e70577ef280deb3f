import { describe, expect, test } from 'vitest'
import type { Container } from '../../src-main/ai-clients/client-definition.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'
import type { ConfigFormat } from '../../src-main/ai-clients/entry-edit.ts'

const entry = { command: '/bin/node', args: ['/shim.cjs', '--client', 'x'] }
const map: Container = { path: ['mcpServers'], kind: 'map' }

function put(text: string, container = map, format: ConfigFormat = 'jsonc', value = entry): string {
  return new EntryText(text, format, '/file').changed(container, [
    { op: 'put', name: 'gateway', entry: value },
  ]).text
}

function take(text: string, keep = 9, container = map, format: ConfigFormat = 'jsonc'): string {
  return new EntryText(text, format, '/file').changed(container, [
    { op: 'take', name: 'gateway', keep },
  ]).text
}

const one = '"gateway": {\n      "command": "/bin/node",'

describe('JSON with comments', () => {
  test('an entry is put behind the last, in the way of the file', () => {
    expect(put('{\n\t"mcpServers": {\n\t\t"a": {"command":"x"}\n\t}\n}')).toBe(
      '{\n\t"mcpServers": {\n\t\t"a": {"command":"x"},\n\t\t"gateway": {\n\t\t\t"command": "/bin/node",\n\t\t\t"args": [\n\t\t\t\t"/shim.cjs",\n\t\t\t\t"--client",\n\t\t\t\t"x"\n\t\t\t]\n\t\t}\n\t}\n}',
    )
  })

  const bodies: [string, string][] = [
    ['one line', '{"mcpServers":{"a":{}}}'],
    ['one line with blanks', '{ "mcpServers": { "a": {} } }'],
    ['a trailing comma', '{\n  "mcpServers": {\n    "a": {},\n  },\n}\n'],
    ['a trailing comma in one line', '{ "mcpServers": { "a": {}, }, }'],
    ['a comment behind the last', '{\n  "mcpServers": {\n    "a": {} // mine\n  }\n}\n'],
    ['a comment behind the comma', '{\n  "mcpServers": {\n    "a": {}, // mine\n  }\n}\n'],
    ['a comment on lines of its own', '{\n  "mcpServers": {\n    "a": {}\n    // end\n  }\n}\n'],
    ['a comment of several lines', '{\n  "mcpServers": {\n    "a": {} /* x\n y */\n  }\n}\n'],
    ['a comment before the comma', '{\n  "mcpServers": {\n    "a": {} /* x */, // y\n  }\n}\n'],
    ['nothing but a comment', '{\n  "mcpServers": {\n    // none yet\n  }\n}\n'],
    ['nothing but a comment in one line', '{ "mcpServers": { /* none */ } }'],
    ['line ends of Windows', '{\r\n  "mcpServers": {\r\n    "a": {}\r\n  }\r\n}\r\n'],
    ['a mark of the byte order', '\ufeff{\n  "mcpServers": {\n    "a": {}\n  }\n}'],
    ['an empty map', '{\n  "mcpServers": {}\n}\n'],
    ['no map', '{\n  "theme": "dark"\n}\n'],
    ['no map, in one line', '{"theme":"dark"}'],
    ['an empty file of settings', '{}'],
    ['the comma in front', '{\n  "mcpServers": {\n    "a": {}\n  , "b": {}\n  }\n}\n'],
    ['no line break before the end', '{\n  "mcpServers": { "a": {},\n    "b": {} }\n}'],
  ]
  test.each(bodies)('with %s, taking out is the way back', (_, text) => {
    const keep = text.includes('mcpServers') ? 1 : 0
    const after = put(text)
    expect(after).toContain('"gateway": {')
    expect(take(after, keep)).toBe(text)
  })

  test('an entry that others were put behind goes with its comma, and comments stay', () => {
    const text = `{\n  "mcpServers": {\n    "a": {}, // a\n    // ours\n    ${one.replace('\n', '')} "args": []\n    },\n    "b": {} // b\n  }\n}\n`
    expect(take(text)).toBe(
      '{\n  "mcpServers": {\n    "a": {}, // a\n    // ours\n    "b": {} // b\n  }\n}\n',
    )
  })

  test('a comment behind our entry keeps its line', () => {
    expect(take('{\n  "mcpServers": {\n    "a": 1, // a\n    "gateway": {} // why\n  }\n}')).toBe(
      '{\n  "mcpServers": {\n    "a": 1 // a\n     // why\n  }\n}',
    )
  })

  test('an entry that is there gets its new value where it stands', () => {
    const text = '{"mcpServers": {"gateway": {"command": "old"}, /* b */ "b": {}}}'
    expect(put(text)).toBe(
      '{"mcpServers": {"gateway": { "command": "/bin/node", "args": ["/shim.cjs", "--client", "x"] }, /* b */ "b": {}}}',
    )
  })

  test('a key with a dot is one key', () => {
    const amp: Container = { path: ['amp.mcpServers'], kind: 'map' }
    const text = '{\n  "amp.url": "x"\n}\n'
    expect(put(text, amp)).toContain('"amp.mcpServers": {\n    "gateway"')
    expect(take(put(text, amp), 0, amp)).toBe(text)
  })

  test.each([
    ['', '{\n  "mcpServers": {\n    "gateway"'],
    ['\ufeff \n', '\ufeff{\n  "mcpServers": {\n    "gateway"'],
    ['// only a note', '// only a note\n{\n  "mcpServers": {\n    "gateway"'],
  ])('a file with nothing in it (%j) gets its first value', (text, begin) => {
    expect(put(text).startsWith(begin)).toBe(true)
  })

  test.each([
    ['{"mcpServers": {"a": }}', 'line 1, column 22'],
    ['{"mcpServers": {}', 'not valid JSON'],
    ['{"mcpServers": []}', "'mcpServers' in it is not a map of names"],
    ['{"mcpServers": "x"}', "'mcpServers' in it is not a map of names"],
    ['[]', 'no map of keys at its top'],
    ['{"mcpServers": {}, "mcpServers": {}}', "the key 'mcpServers' more than once"],
    ['{"mcpServers": {"gateway": {}, "gateway": {}}}', "the key 'gateway' more than once"],
    ['{"a": 1} {"b": 2}', 'not valid JSON'],
    [`${'['.repeat(200_000)}`, 'nested too deeply'],
  ])('%.40s is refused', (text, why) => {
    expect(() => put(text)).toThrow(why)
    expect(() => put(text)).toThrow('Nothing was written.')
  })
})

describe('TOML', () => {
  const tables: Container = { path: ['mcp_servers'], kind: 'map' }
  const list: Container = { path: ['mcp_servers'], kind: 'list' }
  const named = { name: 'gateway', ...entry }
  const section =
    '[mcp_servers.gateway]\ncommand = "/bin/node"\nargs = ["/shim.cjs", "--client", "x"]\n'

  test('an entry becomes a section at the end', () => {
    expect(put('model = "o3" # mine\n', tables, 'toml')).toBe(`model = "o3" # mine\n\n${section}`)
  })

  test.each([
    'model = "o3" # mine\n',
    'model = "o3"',
    '# only a note\n',
    '[mcp_servers.a]\ncommand = "x"\n\n[mcp_servers.a.env]\nK = "v"\n',
    'text = """\n[mcp_servers.gateway]\ncommand = "no"\n"""\n[[x]]\ny = 1\n',
    "text = '''\n[mcp_servers.gateway]\n'''\r\n[other]\r\nz = [ 1,\r\n 2 ] # ]\r\n",
    '\ufeffmodel = "o3"\n\n\n',
    'mcp_servers = { a = { command = "x" } } # inline\nb = 2\n',
  ])('taking out of %j is the way back', (text) => {
    const after = put(text, tables, 'toml')
    expect(new EntryText(after, 'toml', '/f').entries(tables).at(-1)?.name).toBe('gateway')
    expect(take(after, 0, tables, 'toml')).toBe(text)
  })

  test('tables below ours, wherever they stand, go with it', () => {
    const text = `a = 1\n\n${section}\n[b]\nc = 2\n\n[mcp_servers.gateway.env]\nK = "v"\n\n# d\n[d]\n`
    expect(take(text, 0, tables, 'toml')).toBe('a = 1\n\n[b]\nc = 2\n\n# d\n[d]\n')
  })

  test('an item of a list of tables is known by its name', () => {
    const text = '[[mcp_servers]]\nname = "a"\ncommand = "x"\n\n[mcp_servers.env]\nK = "v"\n'
    const after = put(text, list, 'toml', named)
    expect(after).toBe(`${text}\n[[mcp_servers]]\nname = "gateway"\n${section.slice(22)}`)
    expect(take(after, 0, list, 'toml')).toBe(text)
  })

  test('an entry that is there is replaced where it stands', () => {
    const text = `[mcp_servers.gateway]\ncommand = "old"\n\n[z]\ny = 1\n`
    expect(put(text, tables, 'toml')).toBe(`${section}\n[z]\ny = 1\n`)
  })

  test('paths of Windows are written as they are', () => {
    const value = { command: 'C:\\Program Files\\node.exe', args: [] }
    expect(put('', tables, 'toml', value)).toContain("command = 'C:\\Program Files\\node.exe'")
  })

  test.each([
    ['a = ', 'not valid TOML'],
    ['mcp_servers = []\n', "'mcp_servers' in it is not a map"],
    ['[mcp_servers]\n[mcp_servers]\n', 'not valid TOML'],
  ])('%j is refused', (text, why) => {
    expect(() => put(text, tables, 'toml')).toThrow(why)
  })
})

describe('YAML', () => {
  const extensions: Container = { path: ['extensions'], kind: 'map' }
  const list: Container = { path: ['mcpServers'], kind: 'list' }
  const named = { name: 'gateway', ...entry }

  test.each([
    'GOOSE_MODEL: x # mine\nextensions:\n  a:\n    cmd: y\n    args: [1]\n# end\n',
    'extensions:\n    a: {cmd: y}\n',
    'extensions: {a: {cmd: y}}\nz: 1\n',
    'a: 1\n',
    '# note\na: 1',
  ])('taking out of %j is the way back', (text) => {
    const after = put(text, extensions, 'yaml')
    expect(new EntryText(after, 'yaml', '/f').entries(extensions).at(-1)?.name).toBe('gateway')
    expect(take(after, text.includes('extensions') ? 1 : 0, extensions, 'yaml')).toBe(text)
  })

  test.each(['mcpServers:\n  - name: a\n    command: x # c\nz: 1\n', 'name: me\nmodels: []\n'])(
    'a list of entries by their names: %j',
    (text) => {
      const after = put(text, list, 'yaml', named)
      expect(new EntryText(after, 'yaml', '/f').entries(list).at(-1)?.name).toBe('gateway')
      expect(take(after, text.includes('mcpServers') ? 1 : 0, list, 'yaml')).toBe(text)
    },
  )

  test.each([
    ['a: [', 'line 1'],
    ['extensions: []\n', "'extensions' in it is not a map"],
    ['a: 1\na: 2\n', "Duplicate key 'a'"],
    ['- x\n', 'no map of keys at its top'],
  ])('%j is refused', (text, why) => {
    expect(() => put(text, extensions, 'yaml')).toThrow(why)
  })
})
