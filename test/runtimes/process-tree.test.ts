import { spawn } from 'node:child_process'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { isAlive, pidsWithEnvironment } from '../support/processes.ts'
import type { ProcessEntry } from '../../src-main/runtimes/process-table.ts'
import { psProcessTable, systemProcessTable } from '../../src-main/runtimes/system-process-table.ts'
import { findTree, ProcessTrees } from '../../src-main/runtimes/process-tree.ts'
import {
  createHarness,
  send,
  serverFile,
  stubbornFile,
  wrapperFile,
} from './local-process-harness.ts'
import { eventually } from '../support/eventually.ts'

const onPosix = process.platform !== 'win32'

function entry(
  pid: number,
  ppid: number,
  more: { pgid?: number; session?: number; startedAt?: number; marker?: string } = {},
): ProcessEntry {
  const { marker, pgid = pid, startedAt = 100, ...rest } = more
  return { pid, ppid, pgid, startedAt, ...rest, marker }
}

const traits = {
  root: { pid: 10, startedAt: 100 },
  known: new Map([[10, 100]]),
  groupId: 10,
  notBefore: 100,
  hasMarker: (marker: string) => marker === 'ours',
}
const pidsOf = (entries: readonly ProcessEntry[]) =>
  entries.map(({ pid }) => pid).sort((a, b) => a - b)

describe('who belongs to a tree', () => {
  test('the root, its group, its session, its descendants, and whoever carries its mark', () => {
    const entries = [
      entry(10, 1),
      entry(11, 10),
      entry(12, 11, { startedAt: 105 }),
      entry(20, 1, { pgid: 10 }),
      entry(21, 1, { session: 10 }),
      entry(22, 1, { marker: 'ours' }),
      entry(23, 22),
      entry(30, 1, { marker: 'another instance' }),
      entry(31, 1),
    ]
    expect(pidsOf(findTree(entries, traits))).toEqual([10, 11, 12, 20, 21, 22, 23])
  })

  test('not a stranger that got the root’s number, nor its children, nor its group', () => {
    const entries = [
      entry(10, 1, { startedAt: 500 }),
      entry(11, 10, { startedAt: 501 }),
      entry(12, 1, { pgid: 10, startedAt: 502 }),
      entry(13, 1, { marker: 'ours', startedAt: 200 }),
    ]
    expect(pidsOf(findTree(entries, traits))).toEqual([13])
  })

  test('not a stranger that got the number of a known member', () => {
    const known = new Map([[40, 150]])
    expect(findTree([entry(40, 1, { startedAt: 151 })], { ...traits, known })).toEqual([])
    expect(findTree([entry(40, 1, { startedAt: 150 })], { ...traits, known })).toHaveLength(1)
  })

  test('never init, never the gateway, never what is older than the root', () => {
    const id = fc.integer({ min: 0, max: 12 })
    const anyEntry = fc
      .record({
        pid: id,
        ppid: id,
        pgid: id,
        session: id,
        startedAt: fc.integer({ min: 95, max: 105 }),
      })
      .chain((base) =>
        fc.constantFrom('ours', 'theirs', undefined).map((mark) => ({ ...base, marker: mark })),
      )
    fc.assert(
      fc.property(fc.uniqueArray(anyEntry, { selector: ({ pid }) => pid }), (entries) => {
        const gateway = entry(process.pid, 10, { pgid: 10, marker: 'ours' })
        const members = findTree([...entries, gateway], traits)
        expect(members.every(({ pid }) => pid > 1 && pid !== process.pid)).toBe(true)
        expect(members.every(({ startedAt }) => startedAt >= 100)).toBe(true)
      }),
    )
  })
})

describe.runIf(onPosix)('the process table', () => {
  const tables = [
    ['of this system', systemProcessTable()],
    ['of ps', psProcessTable()],
  ] as const

  test.each(tables)(
    '%s tells one process from another with the same number',
    async (_name, table) => {
      const child = spawn('sleep', ['60'])
      const pid = child.pid ?? 0
      const exited = new Promise((resolve) =>
        child.once('exit', (_code, signal) => resolve(signal)),
      )
      const startedAt = (await table.startedAt(pid)) ?? 0
      expect(startedAt).toBeGreaterThan(0)
      const impostor = { pid, startedAt: startedAt - 1000 }
      expect(await table.stillAlive([{ pid, startedAt }, impostor])).toEqual([{ pid, startedAt }])
      await table.signal([impostor], 'SIGKILL')
      expect(isAlive(pid)).toBe(true)
      await table.signal([{ pid, startedAt }], 'SIGTERM')
      expect(await exited).toBe('SIGTERM')
      expect(await table.stillAlive([{ pid, startedAt }])).toEqual([])
      expect((await table.list()).some((other) => other.pid === pid)).toBe(false)
    },
  )

  test.each(tables)('%s never hands out a snapshot from before the call', async (_name, table) => {
    const early = table.list()
    const child = spawn('sleep', ['60'])
    const later = [table.list(), table.list()]
    expect(
      (await Promise.all(later)).map((list) => list.some(({ pid }) => pid === child.pid)),
    ).toEqual([true, true])
    expect(later[0]).toBe(later[1])
    await early
    child.kill('SIGKILL')
  })
})

describe.runIf(onPosix)('a tree', () => {
  let trees = new ProcessTrees()
  afterEach(() => trees.killAllSync())

  test('is ended by what ps tells, where there is no /proc', async () => {
    const harness = createHarness({ table: psProcessTable() })
    trees = harness.trees
    const node = process.execPath
    const server = await harness.start(node, [
      wrapperFile,
      node,
      serverFile,
      `--child=${stubbornFile}`,
    ])
    send(server, '{"n":1}')
    await vi.waitFor(() => expect(server.messages).toHaveLength(1), { timeout: 5000 })
    await eventually(async () => {
      const pids = (await trees.table.list()).filter(({ pgid }) => pgid === server.link.pids[0])
      expect(pids).toHaveLength(3)
    })
    const startedAt = performance.now()
    await server.link.close(200)
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(server.link.pids).toHaveLength(3)
    expect(server.link.pids.filter(isAlive)).toEqual([])
  })

  test.runIf(process.platform === 'linux')(
    'that keeps forking and leaving its group is ended',
    async () => {
      trees = new ProcessTrees()
      const { instanceId, env } = trees.mark()
      const script = `trap '' TERM; while :; do setsid sh -c 'trap "" TERM; sleep 30' & sleep 0.02; done`
      const child = spawn('sh', ['-c', script], {
        detached: true,
        stdio: 'ignore',
        env: { ...process.env, ...env },
      })
      const tree = trees.adopt(child, instanceId, 'forker')
      await eventually(() => expect(pidsWithEnvironment(trees.runId).length).toBeGreaterThan(10))
      const startedAt = performance.now()
      await tree.end(100)
      expect(pidsWithEnvironment(trees.runId)).toEqual([])
      expect(performance.now() - startedAt).toBeLessThan(4000)
    },
  )
})
