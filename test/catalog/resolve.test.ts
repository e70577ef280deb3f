import { writeFileSync } from 'node:fs'
import { join, resolve as absolute } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interpolate } from '../../src-main/catalog/interpolate.ts'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import {
  resolveServer,
  type ResolvedServer,
  type SecretReader,
} from '../../src-main/catalog/resolve.ts'
import { temporaryFolder } from './temporary-folder.ts'

const variables: Record<string, string> = {
  A: 'one',
  EMPTY: '',
  B: '${A}',
  _X1: 'x',
  HOME: '/home/me',
}
const lookup = (name: string): string | undefined => variables[name]

describe('interpolate', () => {
  it.each([
    ['${A}', 'one'],
    ['x${A}y${A}z', 'xoneyonez'],
    ['${EMPTY}', ''],
    ['${NO:-fallback}', 'fallback'],
    ['${NO:-}', ''],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${A:-fallback}', 'one'],
    ['${NO:-a:-b}', 'a:-b'],
    ['${NO:-${A}-${NO:-z}}', 'one-z'],
    ['${B}', '${A}'],
    ['$${A}', '${A}'],
    ['$$${A}', '$${A}'],
    ['$A $ $$ {A} $(A)', '$A $ $$ {A} $(A)'],
    ['${', '${'],
    ['${A', '${A'],
    ['${NO:-x', '${NO:-x'],
    ['${a b}', '${a b}'],
    ['${1}', '${1}'],
    ['${}', '${}'],
    ['${x.y} ${A}', '${x.y} one'],
    ['${_X1}', 'x'],
    ['', ''],
  ])('%s is %s', (template, value) => {
    expect(interpolate(template, lookup)).toEqual({ value, missing: [] })
  })

  it('names what is not set, once', () => {
    expect(interpolate('${NO}-${NO}-${NO2}', lookup)).toEqual({
      value: '--',
      missing: ['NO', 'NO2'],
    })
    expect(interpolate('${secret:my.key}', lookup)).toEqual({
      value: '',
      missing: ['secret:my.key'],
    })
    expect(interpolate('${secret:k:-x}', lookup)).toEqual({ value: 'x', missing: [] })
  })

  it('leaves a text without ${ alone, and never fails', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes('${')) expect(interpolate(text, lookup).value).toBe(text)
        expect(interpolate(text.replaceAll('${', '$${'), lookup).value).toBe(text)
        interpolate('${NO:-'.repeat(500) + text, lookup)
      }),
    )
  })
})

function resolve(
  yaml: string,
  baseDir = '/base',
  vars = variables,
  readSecret?: SecretReader,
): Promise<ResolvedServer> {
  const [definition] = parseCatalog(`servers:\n  - id: x\n${yaml}`, 'c.yaml').servers
  if (definition === undefined) throw new Error('no server')
  return resolveServer(definition, (name) => vars[name], baseDir, readSecret)
}

const runtime = '    runtime: { type: local-process, command: x }\n'

describe('resolveServer', () => {
  it('fills in every text of runtime, env and env_file', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'one.env'), 'F=from file\nG="${A}"\n')
    const local = await resolve(
      `    runtime: { type: local-process, command: "\${A}", args: ["-\${A}"], working_dir: "\${HOME}/w" }
    env: { E: "\${A}!", F: mine }
    env_file: "./\${A}.env"
    display_name: "\${A}"
    inherit_env: [LANGUAGE]
`,
      folder,
    )
    expect(local).toMatchObject({
      launch: {
        serverId: 'x',
        runtime: {
          type: 'local-process',
          command: 'one',
          args: ['-one'],
          working_dir: '/home/me/w',
        },
        env: { E: 'one!', F: 'mine', G: '${A}' },
        inheritEnv: ['LANGUAGE'],
        baseDir: folder,
      },
      missing: [],
      problems: [],
    })
    const remote = await resolve(
      '    runtime: { type: remote-http, url: "https://${A}/", headers: { X: "${A}" } }\n',
    )
    expect(remote.launch.runtime).toEqual({
      type: 'remote-http',
      url: 'https://one/',
      headers: { X: 'one' },
    })
    const container = await resolve(
      `    runtime: { type: docker, image: "i:\${A}", args: ["\${A}"], volumes: ["./\${A}:/d"], memory: "\${NO:-64m}", user: "\${A}" }\n`,
    )
    expect(container.launch.runtime).toMatchObject({
      image: 'i:one',
      args: ['one'],
      volumes: ['./one:/d'],
      memory: '64m',
      user: 'one',
    })
  })

  it('names unset variables and secrets', async () => {
    const resolved = await resolve(
      `${runtime}    env: { A: "\${NO}", B: "\${secret:KEY}", C: "\${NO2:-x}" }\n`,
    )
    expect(resolved.missing).toEqual(['NO', 'secret:KEY'])
    expect(resolved.problems).toEqual([])
  })

  it('reads the secrets that are needed, each once, and hides them', async () => {
    const kept: Record<string, string> = { KEY: 'kept-secret', IN_DEFAULT: 'second-secret' }
    const read: string[] = []
    const readSecret = (name: string) => {
      read.push(name)
      return Promise.resolve(kept[name])
    }
    const env = {
      A: '${secret:KEY}',
      B: 'x${secret:KEY}',
      C: '${NO:-${secret:IN_DEFAULT}}',
      D: '${secret:NO:-default}',
      E: '$${secret:LITERAL}',
      F: '${secret:MISSING}',
    }
    const resolved = await resolve(
      `${runtime}    env: ${JSON.stringify(env)}\n`,
      '/base',
      variables,
      readSecret,
    )
    expect(resolved.launch.env).toEqual({
      A: 'kept-secret',
      B: 'xkept-secret',
      C: 'second-secret',
      D: 'default',
      E: '${secret:LITERAL}',
      F: '',
    })
    expect(read.toSorted()).toEqual(['IN_DEFAULT', 'KEY', 'MISSING', 'NO'])
    expect(resolved.missing).toEqual(['secret:MISSING'])
    expect(resolved.secrets).toEqual(expect.arrayContaining(['kept-secret', 'second-secret']))
  })

  it('says why a secret cannot be read, and does not take the default for it', async () => {
    const resolved = await resolve(
      `${runtime}    env: { A: "\${secret:KEY}", B: "\${secret:KEY:-x}" }\n`,
      '/base',
      variables,
      () => Promise.reject(new Error('It is locked.')),
    )
    expect(resolved.missing).toEqual([])
    expect(resolved.problems).toEqual(["Secret KEY of server 'x' cannot be read. It is locked."])
  })

  it('keeps the gateway’s own variables from servers', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, '.env'), 'MCP_GATEWAY_API_KEY=abcdefgh\nOK=1\n')
    const resolved = await resolve(
      `${runtime}    env: { mcp_gateway_x: "1" }\n    env_file: .env\n`,
      folder,
    )
    expect(resolved.launch.env).toEqual({ OK: '1' })
    expect(resolved.problems).toEqual([
      "env of server 'x' sets mcp_gateway_x: names that begin with MCP_GATEWAY_ are the gateway's own and never reach a server. Use another name.",
    ])
  })

  it('says which env_file cannot be read, and does not read a device', async () => {
    const folder = temporaryFolder()
    for (const [name, why] of [
      ['none.env', 'ENOENT'],
      ['.', 'not a file'],
      ['/dev/zero', 'not a file'],
    ] as const) {
      const { problems } = await resolve(`${runtime}    env_file: ${name}\n`, folder)
      expect(problems).toHaveLength(1)
      expect(problems[0]).toContain(
        `env_file of server 'x' cannot be read: ${absolute(folder, name)} (${why}`,
      )
      expect(problems[0]).toContain('Create the file, correct the path or remove env_file.')
    }
  })

  it('reads a container’s env_file as `docker run --env-file` does', async () => {
    const folder = temporaryFolder()
    const docker = '    runtime: { type: docker, image: i, env_file: first.env }\n'
    writeFileSync(join(folder, 'first.env'), '\ufeffBOTH=first\r\nFIRST=\r\n')
    writeFileSync(
      join(folder, 'x.env'),
      '# none\n\n  KEY=a#b \nQUOTED="q q"\nURL=x?a=b\nBOTH=second\nA\nNOT_SET\nMCP_GATEWAY_X\n',
    )
    const { launch, problems } = await resolve(`${docker}    env_file: x.env\n`, folder)
    expect(problems).toEqual([])
    expect(launch.env).toEqual({
      FIRST: '',
      KEY: 'a#b ',
      QUOTED: '"q q"',
      URL: 'x?a=b',
      BOTH: 'second',
      A: 'one',
    })
    for (const [line, why] of [
      ['export KEY=1', 'there are blanks in the name'],
      ['=1', 'it has no name'],
    ] as const) {
      writeFileSync(join(folder, 'x.env'), `A=1\n${line}\n`)
      const bad = await resolve(`${docker}    env_file: x.env\n`, folder)
      expect(bad.problems.join()).toContain(`x.env (line 2 is no NAME=value: ${why})`)
    }
    // Any other program’s is a dotenv file.
    writeFileSync(join(folder, 'x.env'), 'KEY="q" # why\n')
    expect((await resolve(`${runtime}    env_file: x.env\n`, folder)).launch.env).toEqual({
      KEY: 'q',
    })
  })

  it('knows what must not be logged', async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, '.env'),
      'FILE_SECRET=from-the-file\nPEM="-----BEGIN KEY-----\nabcdefghijklmnopqrst\n"\n',
    )
    const local = await resolve(
      `    runtime: { type: local-process, command: x, args: ["--key=\${KEY}", "\${HOME}/x"] }
    env: { LITERAL: literal-secret, SHORT: abc, NODE_ENV: production, D: "\${NO:-by-default}" }
    env_file: .env
`,
      folder,
      { ...variables, KEY: 'key-secret' },
    )
    expect(new Set(local.secrets)).toEqual(
      new Set([
        'key-secret',
        'literal-secret',
        'by-default',
        'from-the-file',
        '-----BEGIN KEY-----\nabcdefghijklmnopqrst\n',
        '-----BEGIN KEY-----',
        'abcdefghijklmnopqrst',
      ]),
    )
    const remote = await resolve(
      '    runtime: { type: remote-sse, url: https://x, headers: { Authorization: Bearer abcdef123, Accept: text/html } }\n',
    )
    expect(remote.secrets).toEqual(['Bearer abcdef123', 'abcdef123'])
  })

  it('has the same fingerprint exactly if the same process would be launched', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, '.env'), 'K=1\n')
    const of = async (yaml: string, vars = variables): Promise<string> =>
      (await resolve(yaml, folder, vars)).fingerprint
    const base = await of(`${runtime}    env: { A: a, B: b }\n`)
    for (const same of [
      `${runtime}    env: { B: b, A: a }\n    display_name: Other\n    tags: [t]\n    always_on: true\n`,
      `${runtime}    env: { A: a, B: "\${NO:-b}" }\n    idle_timeout_seconds: 5\n    tools: { deny: [x] }\n`,
    ]) {
      expect(await of(same)).toBe(base)
    }
    const others = [
      `${runtime}    env: { A: a }\n`,
      `${runtime}    env: { A: a, B: "\${A}" }\n`,
      `${runtime}    env: { A: a, B: b }\n    env_file: .env\n`,
      `${runtime}    env: { A: a, B: b }\n    inherit_env: true\n`,
      '    runtime: { type: local-process, command: x, args: [y] }\n    env: { A: a, B: b }\n',
    ]
    const prints = await Promise.all(others.map((yaml) => of(yaml)))
    expect(new Set([base, ...prints]).size).toBe(others.length + 1)
    const before = await of(`${runtime}    env_file: .env\n`)
    writeFileSync(join(folder, '.env'), 'K=2\n')
    expect(await of(`${runtime}    env_file: .env\n`)).not.toBe(before)
  })
})
