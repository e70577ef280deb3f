import path from 'node:path'
import { format } from 'prettier'
import { expect, test } from 'vitest'
import type { FileCandidate, System } from '../../src-main/ai-clients/client-definition.ts'
import { clientTable } from '../../src-main/ai-clients/client-table.ts'

const systems: Record<System, string> = { darwin: 'macOS', linux: 'Linux', win32: 'Windows' }
const root = path.join(import.meta.dirname, '..', '..')

function pathsOf(files: readonly (string | FileCandidate)[] | undefined): string {
  return (files ?? [])
    .map((one) => (typeof one === 'string' ? one : one.path))
    .map((file) =>
      file
        .replace('{appdata}', '$APPDATA')
        .replace('{localappdata}', '%LOCALAPPDATA%')
        .replace('{xdg}', '$XDG_CONFIG_HOME')
        .replace(/\{(\w+)\|([^}]*)\}/, '$$$1 ($2)'),
    )
    .map((file) => `\`${file}\``)
    .join(', ')
}

/** `npx vitest run test/ai-clients/documentation.test.ts -u` writes it anew. */
test('docs/ai-clients.md is what the table says', async () => {
  const rows = clientTable.map((client) => {
    const { files } = client
    const all = Array.isArray(files)
      ? pathsOf(files)
      : Object.entries(systems)
          .map(([system, name]) => [name, pathsOf(Reflect.get(files, system))])
          .filter(([, paths]) => paths !== '')
          .map(([name, paths]) => `${name}: ${paths}`)
          .join('<br>')
    const kinds = [
      ...(client.readOnly === undefined ? ['shim'] : ['not written']),
      ...(client.readOnly === undefined && client.shape.http !== undefined ? ['HTTP'] : []),
    ]
    const project = client.projectFiles?.[0]
    const cells = [
      client.name,
      `\`${client.id}\``,
      all,
      `\`${client.container.path.join('.')}\``,
      kinds.join(', '),
      project === undefined ? '' : `\`${project}\``,
      String(client.toolLimit ?? ''),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const text = `# AI clients

What \`gateway clients\` knows of each client: made from [the table](../src-main/ai-clients/client-table.ts), which says as well where each fact comes from. \`$APPDATA\` is \`~/Library/Application Support\` on macOS, \`$XDG_CONFIG_HOME\` (\`~/.config\`) on Linux, \`%APPDATA%\` on Windows. Of several files the first that exists is read. What is taken over from them into the catalog: [import.md](import.md).

| client | id | file | key | entries | project's file | most tools |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
  const written = await format(text, { parser: 'markdown', printWidth: 100 })
  await expect(written).toMatchFileSnapshot(path.join(root, 'docs', 'ai-clients.md'))
})
