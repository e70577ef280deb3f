import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi, type TestContext } from 'vitest'
import { etagOf } from '../../src-main/catalog/content-version.ts'
import { watchFile, type WatchOptions } from '../../src-main/catalog/watch.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { eventually } from '../support/eventually.ts'

/** Short, so that the tests are; what is tested is "after the last event", not the number. */
const debounceMs = 100

interface Watched {
  calls(): number
  /** Resolves when this many calls have come, and a while later there are still as many. */
  expectCalls(count: number): Promise<void>
}

async function watched(
  test: TestContext,
  path: string,
  options: WatchOptions = {},
): Promise<Watched> {
  let calls = 0
  const watch = await watchFile(path, () => void calls++, {
    debounceMs,
    pollMs: 60_000,
    ...options,
  })
  test.onTestFinished(() => watch.close())
  return {
    calls: () => calls,
    async expectCalls(count) {
      await vi.waitFor(() => expect(calls).toBe(count), { timeout: 5000, interval: 10 })
      await setTimeout(3 * debounceMs)
      expect(calls).toBe(count)
    },
  }
}

function startingFile(test: TestContext): { folder: string; path: string } {
  const folder = join(temporaryFolder(test.onTestFinished), 'conf')
  mkdirSync(folder)
  const path = join(folder, 'catalog.yaml')
  writeFileSync(path, 'one')
  return { folder, path }
}

/** What an editor does: a new file, renamed over the old one. */
function saveByRename(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

describe.concurrent('a watched file', () => {
  it('calls once for a write in place', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    writeFileSync(path, 'two')
    await watch.expectCalls(1)
    appendFileSync(path, 'three')
    await watch.expectCalls(2)
  })

  it('calls for each save by rename, again and again', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    for (let n = 1; n <= 4; n++) {
      saveByRename(path, `text ${n}`)
      await watch.expectCalls(n)
    }
  })

  it('calls once for truncate-then-write, however slow the writer', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    truncateSync(path)
    await setTimeout(2 * debounceMs)
    writeFileSync(path, 'two')
    await watch.expectCalls(1)
  })

  it('believes a file that stays empty', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    truncateSync(path)
    await watch.expectCalls(1)
  })

  it('calls exactly once for 20 saves in a second', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path, { debounceMs: 500 })
    for (let n = 0; n < 20; n++) {
      if (n % 2 === 0) saveByRename(path, `text ${n}`)
      else writeFileSync(path, `text ${n}`)
      await setTimeout(45)
    }
    expect(watch.calls()).toBe(0)
    await watch.expectCalls(1)
  })

  it('calls for nothing when the content is the same', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    utimesSync(path, new Date(), new Date())
    saveByRename(path, 'one')
    writeFileSync(path, 'two')
    writeFileSync(path, 'one')
    await watch.expectCalls(0)
  })

  it('waits while the file is missing, and calls when it is back changed', async (test) => {
    const { path } = startingFile(test)
    const watch = await watched(test, path)
    unlinkSync(path)
    await watch.expectCalls(0)
    writeFileSync(path, 'one')
    await watch.expectCalls(0)
    unlinkSync(path)
    await setTimeout(2 * debounceMs)
    writeFileSync(path, 'two')
    await watch.expectCalls(1)
  })

  it('sees a file that is created later, with the folders it is in', async (test) => {
    const root = temporaryFolder(test.onTestFinished)
    const path = join(root, 'a', 'b', 'catalog.yaml')
    const watch = await watched(test, path)
    mkdirSync(join(root, 'a'))
    await setTimeout(20)
    mkdirSync(join(root, 'a', 'b'))
    await setTimeout(20)
    writeFileSync(path, 'one')
    await watch.expectCalls(1)
    writeFileSync(path, 'two')
    await watch.expectCalls(2)
  })

  it('follows a Kubernetes ConfigMap through its swaps', async (test) => {
    const folder = temporaryFolder(test.onTestFinished)
    const version = (n: number): string => {
      const name = `..2026_${n}`
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'catalog.yaml'), `text ${n}`)
      return name
    }
    symlinkSync(version(1), join(folder, '..data'))
    symlinkSync('..data/catalog.yaml', join(folder, 'catalog.yaml'))
    const watch = await watched(test, join(folder, 'catalog.yaml'))
    for (let n = 2; n <= 4; n++) {
      symlinkSync(version(n), join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
      rmSync(join(folder, `..2026_${n - 1}`), { recursive: true })
      await watch.expectCalls(n - 1)
    }
  })

  it('follows the folder’s name when the folder is replaced', async (test) => {
    const { folder, path } = startingFile(test)
    const watch = await watched(test, path)
    for (let n = 1; n <= 3; n++) {
      const next = `${folder}.next`
      mkdirSync(next)
      writeFileSync(join(next, 'catalog.yaml'), `text ${n}`)
      renameSync(folder, `${folder}.old${n}`)
      renameSync(next, folder)
      await watch.expectCalls(2 * n - 1)
      // It is the new one that is watched now, and the old one no more.
      writeFileSync(join(`${folder}.old${n}`, 'catalog.yaml'), 'stale')
      saveByRename(path, `again ${n}`)
      await watch.expectCalls(2 * n)
    }
  })

  it('follows the folder’s name when the folder is removed and made again', async (test) => {
    const { folder, path } = startingFile(test)
    const watch = await watched(test, path)
    rmSync(folder, { recursive: true })
    await setTimeout(2 * debounceMs)
    mkdirSync(folder)
    writeFileSync(path, 'two')
    await watch.expectCalls(1)
    writeFileSync(path, 'three')
    await watch.expectCalls(2)
  })

  it('does not care for other files in the folder', async (test) => {
    const { folder, path } = startingFile(test)
    const watch = await watched(test, path)
    writeFileSync(path, 'two')
    // Events of others must not put the call off.
    const deadline = Date.now() + 3000
    while (watch.calls() === 0 && Date.now() < deadline) {
      writeFileSync(join(folder, 'other'), String(Date.now()))
      await setTimeout(debounceMs / 5)
    }
    expect(watch.calls()).toBe(1)
  })

  it('reports a change that came before it was there', async (test) => {
    const { path } = startingFile(test)
    const since = etagOf('zero')
    await (await watched(test, path, { since })).expectCalls(1)
    await (await watched(test, path, { since: etagOf('one') })).expectCalls(0)
  })

  it('finds by looking what no event has told', async (test) => {
    const { folder, path } = startingFile(test)
    // Written under its other name in another folder: the watched folder hears nothing.
    const other = join(folder, '..', 'other-name')
    linkSync(path, other)
    const watch = await watched(test, path, { pollMs: 50 })
    writeFileSync(other, 'two')
    await watch.expectCalls(1)
  })

  it('does not call again before the last call has settled, and survives what it throws', async (test) => {
    const { path } = startingFile(test)
    let running = 0
    let most = 0
    let calls = 0
    const watch = await watchFile(
      path,
      async () => {
        calls++
        most = Math.max(most, ++running)
        await setTimeout(3 * debounceMs)
        running--
        throw new Error('of the caller')
      },
      { debounceMs },
    )
    test.onTestFinished(() => watch.close())
    writeFileSync(path, 'two')
    await eventually(() => expect(running).toBe(1))
    writeFileSync(path, 'three')
    await vi.waitFor(() => expect(calls).toBe(2), { timeout: 3000 })
    expect(most).toBe(1)
  })

  it('is silent once it is closed', async (test) => {
    const { path } = startingFile(test)
    let calls = 0
    const watch = await watchFile(path, () => void calls++, { debounceMs })
    writeFileSync(path, 'two')
    await setTimeout(debounceMs / 2)
    await watch.close()
    writeFileSync(path, 'three')
    await setTimeout(3 * debounceMs)
    expect(calls).toBe(0)
  })
})
