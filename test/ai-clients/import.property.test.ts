import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serverDefinition, serverIdPattern } from '../../src-shared/catalog.ts'
import { stdioEntry } from '../../src-main/ai-clients/client-entry.ts'
import { clientById } from '../../src-main/ai-clients/client-table.ts'
import { chooseFile } from '../../src-main/ai-clients/client-paths.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'
import { ImportBench } from './import-bench.ts'

/** What is not to appear anywhere, and cannot by chance. */
const secret = fc.stringMatching(/^[a-f0-9]{24}$/).map((text) => `ghp_${text}Zq7`)
const piece = fc.constantFrom(
  'a',
  'b-c',
  '$',
  '$X',
  '${X}',
  '${secret:Y}',
  '$${',
  '}',
  ' ',
  '/',
  '"',
  '\\',
  'é',
  '\n',
  ':',
  '=',
)
const plain = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => `v${parts.join('')}`)
const server = fc.record({
  name: fc.constantFrom('git', 'git hub', 'gït', '…', 'a.b', 'x'.repeat(80)),
  command: fc.constantFrom('tool', '/opt/my tool/run', 'npx'),
  args: fc.array(plain, { maxLength: 4 }),
  mode: plain,
  token: secret,
  argument: secret,
})

/** Clients that take every text as it is, and one of each format besides. */
const clients = ['claude-desktop', 'codex', 'zed'] as const

test.runIf(process.platform !== 'win32')(
  'what is imported starts the same, and its secrets are nowhere but in their store',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...clients),
        fc.uniqueArray(server, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
        async (id, servers) => {
          const bench = new ImportBench()
          const client = clientById(id)
          const { file = '' } = chooseFile(client, bench.user.machine)
          const started = servers.map(({ command, args, mode, token, argument }) => ({
            command,
            args: [...args, '--api-key', argument],
            env: { MODE: mode, GITHUB_TOKEN: token },
          }))
          const { text } = new EntryText('', client.format, file).changed(
            client.container,
            servers.map(({ name }, at) => ({
              op: 'put' as const,
              name,
              entry: stdioEntry(
                client.shape,
                name,
                started[at] ?? { command: '', args: [], env: {} },
              ),
            })),
          )
          bench.user.write(file, text)
          const preview = await bench.imports.preview({ from: 'clients' })
          const ids = preview.servers.map((one) => one.id)
          expect(new Set(ids).size).toBe(servers.length)
          for (const one of ids) expect(one).toMatch(serverIdPattern)
          await bench.importAll()
          const written = [JSON.stringify(preview), bench.text()].join('\n')
          for (const { token, argument } of servers) {
            expect(written).not.toContain(token)
            expect(written).not.toContain(argument)
          }
          const entries = bench.entries().map((entry) => serverDefinition.parse(entry))
          for (const [at, { runtime, env }] of entries.entries()) {
            if (runtime.type !== 'local-process') throw new Error('It is a local process.')
            const args = await Promise.all(runtime.args.map((arg) => bench.resolved(arg)))
            const pairs = Object.entries(env).map(async ([key, value]) => [
              key,
              await bench.resolved(value),
            ])
            expect({
              command: await bench.resolved(runtime.command),
              args,
              env: Object.fromEntries(await Promise.all(pairs)),
            }).toEqual(started[at])
          }
        },
      ),
      { numRuns: 60 },
    )
  },
)

test.runIf(process.platform !== 'win32')(
  'whatever stands in a file, it is imported, or refused with a reason',
  { timeout: 120_000 },
  async () => {
    const member = fc.constantFrom(
      'command',
      'args',
      'env',
      'url',
      'headers',
      'type',
      'cwd',
      'runtime',
      'disabled',
      'id',
    )
    const entry = fc.dictionary(
      member,
      fc.oneof(fc.jsonValue(), plain, fc.constant('https://x.example/mcp')),
      {
        maxKeys: 5,
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())),
        async (mcpServers) => {
          const bench = new ImportBench()
          bench.user.write('.cursor/mcp.json', JSON.stringify({ mcpServers }))
          const { servers, problems } = await bench.imports.preview({ from: 'clients' })
          if (problems.length > 0) return
          for (const { entry: made, problem } of servers)
            expect(made === null ? problem : serverDefinition.parse(made)).not.toBeNull()
          if (servers.some(({ problem }) => problem === null)) await bench.importAll()
          const ids = servers.flatMap(({ id, problem }) => (problem === null ? [id] : []))
          expect(bench.entries().map(({ id }) => id)).toEqual(ids)
        },
      ),
      { numRuns: 150 },
    )
  },
)
