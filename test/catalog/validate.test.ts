import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultConfig } from '../../src-main/catalog/config-file.ts'
import { loadCatalogFile } from '../../src-main/catalog/parse-cache.ts'
import { validateFiles, type Validation } from '../../src-main/catalog/validate.ts'
import type { Config } from '../../src-shared/config.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function validate(
  text: string,
  config: Partial<Config> = {},
  vars: Record<string, string> = {},
): Promise<Validation> {
  const path = join(temporaryFolder(), 'catalog.yaml')
  writeFileSync(path, text)
  return validateFiles(
    { ...defaultConfig, ...config },
    await loadCatalogFile(path),
    (name) => vars[name],
  )
}

const server = 'servers: [{ id: a, runtime: { type: local-process, command: x } }]'

it('finds nothing wrong with what is right, and does not look for commands', async () => {
  expect(await validate(server)).toEqual({ problems: [], warnings: [] })
})

it('warns of unset variables and of a catalog without servers', async () => {
  const text = server.replace('command: x', 'command: "${X}", args: ["${Y:-1}"]')
  expect(await validate(text)).toEqual({
    problems: [],
    warnings: [
      "Server 'a': variable X is not set and has no default. The server stays stopped until it is.",
    ],
  })
  expect((await validate(text, {}, { X: 'x' })).warnings).toEqual([])
  expect((await validate('')).warnings).toEqual([expect.stringContaining('names no servers')])
})

it('warns of unset secrets, and names those that cannot be read', async () => {
  const path = join(temporaryFolder(), 'catalog.yaml')
  writeFileSync(path, server.replace('command: x', 'command: x, args: ["${secret:A}"]'))
  const withSecrets = async (readSecret?: () => Promise<string | undefined>) =>
    validateFiles(defaultConfig, await loadCatalogFile(path), () => undefined, readSecret)
  expect((await withSecrets()).warnings).toEqual([
    "Server 'a': secret A is not set; `gateway secrets set A` sets it. The server stays stopped until it is.",
  ])
  expect(await withSecrets(() => Promise.resolve('x'))).toEqual({ problems: [], warnings: [] })
  expect(await withSecrets(() => Promise.reject(new Error('It is locked.')))).toEqual({
    problems: ["Secret A of server 'a' cannot be read. It is locked."],
    warnings: [],
  })
})

it('names what the schema cannot see', async () => {
  const found = await validate(
    `servers:
  - { id: a, runtime: { type: remote-http, url: "\${HOST}/mcp" } }
  - { id: b, env_file: none.env, runtime: { type: local-process, command: x, working_dir: nowhere } }
`,
    { tls: { cert: '/nowhere/c', key: '/nowhere/k' } },
    { HOST: 'example.com' },
  )
  expect(found.problems).toEqual([
    'tls: /nowhere/c cannot be read. Correct the path or its permissions.',
    'tls: /nowhere/k cannot be read. Correct the path or its permissions.',
    expect.stringContaining("Server 'a': url must begin with http:// or https://"),
    expect.stringContaining("env_file of server 'b' cannot be read"),
  ])
  expect(found.warnings).toEqual([
    expect.stringMatching(/^Server 'b': working_dir .*nowhere cannot be entered\.$/),
  ])
})

it('refuses to listen wider than loopback without a key', async () => {
  const wide = { listen_addr: '0.0.0.0:4444' }
  expect((await validate(server, wide)).problems).toEqual([
    expect.stringContaining('there is no api_key'),
  ])
  expect((await validate(server, { ...wide, auth: 'none' })).problems).toEqual([
    expect.stringContaining('auth is none'),
  ])
  expect((await validate(server, { ...wide, api_key: 'k' })).problems).toEqual([])
  expect((await validate(server, wide, { MCP_GATEWAY_API_KEY: 'k' })).problems).toEqual([])
  for (const listen_addr of ['localhost:1', '[::1]:1', '127.1.2.3:1']) {
    expect((await validate(server, { listen_addr, auth: 'none' })).problems).toEqual([])
  }
})
