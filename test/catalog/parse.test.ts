import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import { CatalogError, formatProblem } from '../../src-main/catalog/problem.ts'

function problemsOf(text: string | Buffer): string[] {
  try {
    parseCatalog(text, 'c.yaml')
  } catch (thrown) {
    if (thrown instanceof CatalogError) return thrown.problems.map(formatProblem)
    throw thrown
  }
  return []
}

const good = '{ type: local-process, command: x }'

describe('a valid catalog', () => {
  it('gets its defaults filled in and keeps its templates', () => {
    const catalog = parseCatalog(
      `servers:
  - id: a
    runtime: { type: local-process, command: "\${CMD}", args: ["\${X:-1}"] }
    env: { TOKEN: "\${TOKEN}" }
`,
      'c.yaml',
    )
    expect(catalog.servers).toEqual([
      {
        id: 'a',
        enabled: true,
        tags: [],
        runtime: { type: 'local-process', command: '${CMD}', args: ['${X:-1}'] },
        env: { TOKEN: '${TOKEN}' },
        always_on: false,
        isolation: 'auto',
        overlap: true,
        inherit_env: false,
        tools: { allow: ['*'], deny: [] },
      },
    ])
  })

  it.each(['', '# nothing\n', '---\n', 'servers:\n', 'servers: []', '\ufeff', '{}', 'servers: ~'])(
    'may name no servers: %j',
    (text) => expect(parseCatalog(text, 'c.yaml')).toEqual({ servers: [] }),
  )

  it('takes numbers and booleans as they are written where text is asked for', () => {
    const text = `servers:
  - id: a
    runtime: { type: local-process, command: x, args: [-n, 010, 1.0, true, 0x1F] }
    env: { PORT: 8080, BIG: 12345678901234567890, ON: True }
`
    expect(parseCatalog(text, 'c.yaml').servers[0]).toMatchObject({
      runtime: { args: ['-n', '010', '1.0', 'true', '0x1F'] },
      env: { PORT: '8080', BIG: '12345678901234567890', ON: 'True' },
    })
  })

  it('takes a key with nothing behind it as absent', () => {
    const text = `servers:\n  - id: a\n    env:\n    tags: \n    description: ~\n    runtime: ${good}\n`
    expect(parseCatalog(text, 'c.yaml').servers[0]).toMatchObject({ env: {}, tags: [] })
  })

  it('may use anchors, aliases and merge keys', () => {
    const text = `servers:
  - id: a
    runtime: &r ${good}
    env: &e { A: "1", B: "2" }
  - id: b
    runtime: { <<: *r, command: y }
    env: { <<: [*e], B: "3" }
`
    expect(parseCatalog(text, 'c.yaml').servers[1]).toMatchObject({
      runtime: { type: 'local-process', command: 'y' },
      env: { A: '1', B: '3' },
    })
  })
})

describe('a wrong catalog is told what, where and what is allowed', () => {
  it.each([
    [
      'servers:\n  - id: x\n    runtime: R\n  - id: x\n    runtime: R',
      ['c.yaml:4:9: Duplicate server ID: x'],
    ],
    [
      'servers:\n  - id: a\n    runtime: R\n  - id: b\n    runtime: R\n  - runtime: R',
      ['c.yaml:6:5: Server at index 2 missing required field: id'],
    ],
    ['servers: [{ id: x }]', ["c.yaml:1:11: Server 'x' missing required field: runtime"]],
    [
      'servers: [{ id: x, runtime: { type: remote-http } }]',
      ["c.yaml:1:29: Server 'x' missing required field: runtime.url"],
    ],
    [
      'servers: [{ id: x, runtime: {} }]',
      ["c.yaml:1:29: Server 'x' missing required field: runtime.type"],
    ],
    [
      'servers: [{ id: x, runtime: { type: y } }]',
      [
        "c.yaml:1:37: Server 'x' has unknown runtime type: y. Allowed: local-process, remote-http, remote-sse, docker.",
      ],
    ],
    [
      'servers: [{ id: x, runtime: { type: remote-htp } }]',
      [
        "c.yaml:1:37: Server 'x' has unknown runtime type: remote-htp. Allowed: local-process, remote-http, remote-sse, docker. Did you mean 'remote-http'?",
      ],
    ],
    [
      'servers: [{ id: x, runtime: { type: docker, image: i, transport: http } }]',
      ["c.yaml:1:29: Server 'x' missing required field: runtime.port"],
    ],
    [
      'servers: [{ id: x, runtime: { type: docker, image: i, transport: http, port: 80, network: host } }]',
      [
        "c.yaml:1:91: 'runtime.network' of server 'x' is not valid: with transport: http the port is published, which network: host does not allow. Leave network out, or name one of the engine’s.",
      ],
    ],
    [
      'servers: [{ id: x, runtime: { type: docker, image: i, volumes: [./data], memory: much } }]',
      [
        "c.yaml:1:65: 'runtime.volumes[0]' of server 'x' is not valid: write `SOURCE:/path` or `SOURCE:/path:ro`.",
        "c.yaml:1:82: 'runtime.memory' of server 'x' is not valid: write `512m` or `2g`.",
      ],
    ],
    [
      'servers: [{ id: x, runtime: { type: local-process, command: c, comand: d } }]',
      ["c.yaml:1:64: Unknown key 'comand' in runtime of server 'x'. Did you mean 'command'?"],
    ],
    [
      'servers: [{ id: x, runtime: { type: local-process, command: c, cwd: / } }]',
      ["c.yaml:1:64: Unknown key 'cwd' in runtime of server 'x'. Did you mean 'working_dir'?"],
    ],
    [
      'servers: [{ id: x, args: [], runtime: R }]',
      ["c.yaml:1:20: Unknown key 'args' in server 'x'. It belongs inside of 'runtime'."],
    ],
    [
      'servers: [{ id: x, runtime: { type: local-process, command: c, env: {} } }]',
      [
        "c.yaml:1:64: Unknown key 'env' in runtime of server 'x'. It belongs beside 'runtime', not inside.",
      ],
    ],
    ['server: []', ["c.yaml:1:1: Unknown key 'server' in the catalog. Did you mean 'servers'?"]],
    [
      'mcpServers: {}',
      ["c.yaml:1:1: Unknown key 'mcpServers' in the catalog. Did you mean 'servers'?"],
    ],
    ['zzz: 1', ["c.yaml:1:1: Unknown key 'zzz' in the catalog. Known: servers."]],
    ['- a', ['c.yaml:1:1: The catalog must be a map of keys and values, not a list.']],
    ['servers: {}', ["c.yaml:1:10: 'servers' must be a list, not a map."]],
    ['servers: [5]', ['c.yaml:1:11: Server at index 0 must be a map of keys and values, not 5.']],
    [
      'servers: [{ id: x, runtime: R, isolation: sesion }]',
      [
        "c.yaml:1:N: 'isolation' of server 'x' must be one of auto, shared, session. Did you mean 'session'?",
      ],
    ],
    [
      'servers: [{ id: x, runtime: R, enabled: "yes" }]',
      ["c.yaml:1:N: 'enabled' of server 'x' must be true or false, not 'yes'."],
    ],
    [
      'servers: [{ id: x, runtime: R, inherit_env: 5 }]',
      ["c.yaml:1:N: 'inherit_env' of server 'x' must be true or false or a list."],
    ],
    [
      'servers: [{ id: x, runtime: R, idle_timeout_seconds: -1 }]',
      ["c.yaml:1:N: 'idle_timeout_seconds' of server 'x' must be at least 0."],
    ],
    [
      'servers: [{ id: x, runtime: R, idle_timeout_seconds: 1.5 }]',
      ["c.yaml:1:N: 'idle_timeout_seconds' of server 'x' must be a whole number, not 1.5."],
    ],
    [
      'servers: [{ id: x, runtime: R, env: { A: ~ } }]',
      ["c.yaml:1:N: 'env.A' of server 'x' must be text, not empty. For an empty text write \"\"."],
    ],
    [
      'servers: [{ id: x, runtime: R, env: { a-b: c } }]',
      [
        "c.yaml:1:N: 'env' of server 'x' has a name that is not valid: 'a-b'. Allowed: letters, digits and '_', the first not a digit.",
      ],
    ],
    [
      'servers: [{ id: "a b", runtime: R }]',
      [
        "c.yaml:1:17: Server ID 'a b' is not valid. Allowed: letters, digits, '.', '_' and '-', 64 at most, the first a letter or a digit (^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$).",
      ],
    ],
    ['servers: []\nservers: []', ["c.yaml:2:1: Duplicate key 'servers'."]],
    ['servers: *a', ['c.yaml:1:10: Alias *a has no anchor &a before it.']],
    ['servers: !foo []', ['c.yaml:1:10: Not valid YAML: Unresolved tag: !foo.']],
    [
      '\ufeffserver: []',
      ["c.yaml:1:1: Unknown key 'server' in the catalog. Did you mean 'servers'?"],
    ],
    ['servers:\r\n  - id: x', ["c.yaml:2:5: Server 'x' missing required field: runtime"]],
  ])('%j', (text, expected) => {
    const found = problemsOf(text.replaceAll(' R', ` ${good}`))
    const wanted = expected.map((line) => line)
    expect(
      found.map((line, index) =>
        wanted[index]?.includes(':N:') === true
          ? line.replace(/^c.yaml:1:\d+:/, 'c.yaml:1:N:')
          : line,
      ),
    ).toEqual(wanted)
  })

  it('lists all problems in the order of the file', () => {
    const found = problemsOf(`foo: 1
servers:
  - id: x
  - runtime: ${good}
    tags: 5
  - id: x
    runtime: { type: docker }
`)
    expect(found).toHaveLength(6)
    expect(found.map((line) => Number(line.split(':')[1]))).toEqual([1, 3, 4, 5, 6, 7])
  })

  it('helps with ${VAR} in brackets and with tabs', () => {
    expect(problemsOf('servers: [{ id: x, runtime: { command: ${CMD} } }]')[0]).toContain(
      'put "${VAR}" in quotes',
    )
    expect(problemsOf('servers:\n\t- id: x')[0]).toContain('Indent with spaces, not tabs.')
  })
})

describe('a hostile text is a catalog error', () => {
  const laughs = Array.from(
    { length: 20 },
    (_, n) =>
      `x${n}: &x${n} [${Array(10)
        .fill(n === 0 ? '1' : `*x${n - 1}`)
        .join(', ')}]`,
  ).join('\n')
  const chain = Array.from(
    { length: 500 },
    (_, n) => `x${n}: &x${n} { a: ${n === 0 ? '1' : `*x${n - 1}`} }`,
  ).join('\n')
  it.each<[string, string | Buffer, RegExp]>([
    ['billion laughs', laughs, /aliases .* expand to too much/],
    ['a deep chain of aliases', chain, /Nested deeper/],
    ['an alias inside of its anchor', 'servers: &a [*a]', /inside of its own anchor/],
    ['deep lists', '['.repeat(100_000), /Not valid YAML|Cannot be read/],
    ['deep maps', '{a: '.repeat(50_000), /Not valid YAML|Cannot be read/],
    ['deep and closed', '['.repeat(60) + ']'.repeat(60), /Nested deeper/],
    ['a giant', 'a'.repeat(5 * 2 ** 20), /larger than 4 MiB/],
    ['a giant in bytes', Buffer.alloc(5 * 2 ** 20, 0x61), /larger than 4 MiB/],
    ['a binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), /Control character U\+0000/],
    ['UTF-16', Buffer.from('\ufeffservers: []', 'utf16le'), /UTF-16/],
    [
      'invalid UTF-8',
      Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]),
      /c\.yaml:1:4: .*not valid UTF-8/,
    ],
    [
      'a prototype',
      'servers: [{ id: x, __proto__: { enabled: false } }]',
      /'__proto__' is not allowed/,
    ],
    [
      'a prototype in env',
      `servers: [{ id: x, runtime: ${good}, env: { __proto__: { A: b } } }]`,
      /'__proto__' is not allowed/,
    ],
    ['two documents', 'servers: []\n---\nservers: []', /Not valid YAML/],
    ['a map as key', '{ {a: b}: c }', /key/i],
    ['a merge of no map', 'servers: [{ <<: 5, id: x }]', /alias of a map/],
  ])('%s', (_name, text, expected) => {
    const began = performance.now()
    expect(problemsOf(text).join('\n')).toMatch(expected)
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('does not take names of Object.prototype for keys', () => {
    expect(problemsOf('servers: [{ id: x, constructor: 1, toString: 2 }]')).toHaveLength(3)
    expect(problemsOf('constructor: 1')).toEqual([
      "c.yaml:1:1: Unknown key 'constructor' in the catalog. Known: servers.",
    ])
  })

  it('is never anything but a catalog or a catalog error, whatever the bytes', () => {
    const yamlish = fc
      .array(
        fc.constantFrom(
          'servers:',
          '\n',
          '  ',
          '- ',
          'id: ',
          'x',
          '{',
          '}',
          '[',
          ']',
          ': ',
          ', ',
          '&a ',
          '*a',
          '<<: ',
          '|',
          '>',
          '"',
          "'",
          '#',
          '!',
          '!!map ',
          '%',
          '---',
          '? ',
          '\t',
          '~',
          '1',
          'runtime:',
          'type: local-process',
          'env:',
          '${',
          '\r\n',
          '@',
          '`',
          '__proto__',
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(''))
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary' }),
      yamlish,
      yamlish.map((text) => `servers:\n  - id: x\n    ${text}`),
      fc.json().map((json) => `{"servers": [${json}]}`),
    )
    fc.assert(
      fc.property(anything, (text) => {
        try {
          expect(Array.isArray(parseCatalog(text, 'c.yaml').servers)).toBe(true)
        } catch (thrown) {
          if (!(thrown instanceof CatalogError)) throw thrown
          expect(thrown.problems.length).toBeGreaterThan(0)
          for (const { line, column } of thrown.problems) {
            expect(line).toBeGreaterThan(0)
            expect(column).toBeGreaterThan(0)
          }
        }
      }),
      { numRuns: 1500 },
    )
  })
})
