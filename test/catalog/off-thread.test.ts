import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCatalogOffThread, runOffThread } from '../../src-main/catalog/off-thread.ts'
import { loadCatalogFile } from '../../src-main/catalog/parse-cache.ts'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import { CatalogError } from '../../src-main/catalog/problem.ts'
import { resolveCatalog } from '../../src-main/catalog/resolve.ts'
import { temporaryFolder } from './temporary-folder.ts'

const workerFile = join(import.meta.dirname, '../../src-main/catalog/parse-worker.ts')
const threaded = { workerFile, inlineLimit: 0 }

function catalogOf(count: number): string {
  const servers = Array.from(
    { length: count },
    (_, n) => `  - id: server-${n}
    display_name: Server number ${n}   # a comment
    tags: [one, two]
    runtime:
      type: local-process
      command: npx
      args: [-y, "@scope/server-${n}", --port, "\${PORT_${n}:-80}"]
    env: { TOKEN: "\${TOKEN}", OTHER: value }
`,
  )
  return `servers:\n${servers.join('')}`
}

describe('a catalog parsed in a thread', () => {
  it('is the same as one parsed here', async () => {
    const text = catalogOf(20)
    expect(await parseCatalogOffThread(text, 'c.yaml', threaded)).toEqual(
      parseCatalog(text, 'c.yaml'),
    )
  })

  it('tells the same problems', async () => {
    const text = 'servers: [{ id: x }, { id: x }]'
    const [here, there] = [
      await parseCatalogOffThread(text, 'c.yaml').catch((thrown: unknown) => thrown),
      await parseCatalogOffThread(text, 'c.yaml', threaded).catch((thrown: unknown) => thrown),
    ]
    if (!(here instanceof CatalogError) || !(there instanceof CatalogError))
      throw new Error('no error')
    expect(there.problems).toEqual(here.problems)
    expect(there.problems).toHaveLength(3)
  })

  it('is edited there as well', async () => {
    const text = 'servers: []\n'
    const entry = { id: 'a', runtime: { type: 'remote-http', url: 'https://x' } }
    const added = await runOffThread({ kind: 'add', text, file: 'c.yaml', entry }, threaded)
    expect(added).toContain('- id: a')
    const patch = { enabled: false }
    const changed = await runOffThread(
      { kind: 'patch', text: added, file: 'c.yaml', id: 'a', patch },
      threaded,
    )
    expect(changed).toBe(`${added}    enabled: false\n`)
    expect(
      await runOffThread({ kind: 'remove', text: added, file: 'c.yaml', id: 'a' }, threaded),
    ).toBe(text)
    await expect(
      runOffThread({ kind: 'remove', text, file: 'c.yaml', id: 'x' }, threaded),
    ).rejects.toMatchObject({ code: 'server_not_found', message: "Server 'x' not found" })
  })

  it('is given up after a time', async () => {
    const promise = parseCatalogOffThread(catalogOf(2000), 'c.yaml', { workerFile, timeoutMs: 50 })
    await expect(promise).rejects.toThrow('c.yaml:1:1: Takes longer than 0.05 s')
    await expect(promise).rejects.toThrow(CatalogError)
  })

  it('is parsed here if there is no worker', async () => {
    const options = { workerFile: '/nowhere/worker.cjs', inlineLimit: 0 }
    expect((await parseCatalogOffThread(catalogOf(1), 'c.yaml', options)).servers).toHaveLength(1)
  })

  it('takes less than 15 ms of any turn of the event loop with 1,000 servers, resolved and all', async () => {
    const folder = temporaryFolder()
    const longest: number[] = []
    for (let attempt = 0; attempt < 3; attempt++) {
      const path = join(folder, `catalog-${attempt}.yaml`)
      writeFileSync(path, `${catalogOf(1000)}# ${attempt}\n`)
      const turns = watchTurns()
      const { catalog, baseDir } = await loadCatalogFile(path, { workerFile, stateDir: folder })
      const resolved = await resolveCatalog(catalog, () => 'value', baseDir)
      longest.push(await turns.longestMs())
      expect(resolved.size).toBe(1000)
    }
    expect(Math.min(...longest)).toBeLessThan(15)
  })
})

/** The CPU time of this thread in each turn, which other programs on the machine cannot spoil. */
function watchTurns(): { longestMs(): Promise<number> } {
  let longest = 0
  let last = process.threadCpuUsage()
  let turn: NodeJS.Immediate
  const measure = (): void => {
    const spent = process.threadCpuUsage(last)
    longest = Math.max(longest, spent.user + spent.system)
    last = process.threadCpuUsage()
    turn = setImmediate(measure)
  }
  turn = setImmediate(measure)
  return {
    async longestMs() {
      await new Promise((resolve) => setImmediate(resolve))
      clearImmediate(turn)
      return longest / 1000
    },
  }
}
