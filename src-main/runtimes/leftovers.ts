import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Log } from '../telemetry/log.ts'
import type { ProcessEntry, ProcessName, ProcessTable } from './process-table.ts'
import { findTree } from './process-tree.ts'
import { systemProcessTable } from './system-process-table.ts'

const termMs = 2000
const killMs = 1500
/** A record from another machine or container cannot be judged from here; after this it is old paper. */
const foreignRecordMs = 7 * 24 * 3600 * 1000

const processName = { pid: z.number().int().min(2), startedAt: z.number() }
const recordFile = z.object({
  version: z.literal(1),
  /** The space of pids in which the numbers mean something. */
  host: z.string(),
  runId: z.uuid(),
  gateway: z.object({ ...processName, pid: z.number().int().min(1) }),
  instances: z.array(z.object({ ...processName, instanceId: z.string(), serverId: z.string() })),
})
export type RecordFile = z.infer<typeof recordFile>

/**
 * Ends what gateways that are no longer alive have left running: SIGTERM, 2 s, SIGKILL. Returns how many processes
 * it ended. A process counts as left over if it carries the dead gateway's marker (Linux), or if its pid and start
 * time are on record, or if it descends from such. Never throws; meant to be run beside the gateway's start.
 */
export async function reapLeftovers(
  stateDir: string,
  log: Log,
  table: ProcessTable = systemProcessTable(),
): Promise<number> {
  const folder = path.join(stateDir, 'processes')
  const names = await fs.promises.readdir(folder).catch(() => [])
  const reaped = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name)
      try {
        if (name.endsWith('.json')) return await reapRecord(file, log, table)
        if (name.endsWith('.tmp')) await removeIfOld(file)
      } catch (error) {
        log.warn({ error, file }, 'The leftovers of an earlier run could not be ended.')
      }
      return 0
    }),
  )
  return reaped.reduce((sum, count) => sum + count, 0)
}

async function reapRecord(file: string, log: Log, table: ProcessTable): Promise<number> {
  const text = await fs.promises.readFile(file, 'utf8')
  const record = parseRecord(text)
  if (record === undefined) {
    const aside = `${file}.corrupt`
    await fs.promises.rename(file, aside)
    log.warn({ file: aside }, 'A record of running processes could not be read and was set aside.')
    return 0
  }
  if (record.host !== table.host) {
    await removeIfOld(file)
    return 0
  }
  if ((await table.stillAlive([record.gateway])).length > 0) return 0

  const ended = await endAll(record, table)
  // If something resists even SIGKILL, the record stays for the next start.
  if (ended.survivors > 0) {
    log.warn(
      { file, survivors: ended.survivors },
      'Leftovers of an earlier run could not be ended.',
    )
    return ended.count
  }
  await fs.promises.rm(file, { force: true })
  if (ended.count > 0) {
    const servers = [...new Set(record.instances.map(({ serverId }) => serverId))]
    log.info({ processes: ended.count, servers }, 'ended what a killed gateway had left running')
  }
  return ended.count
}

async function endAll(
  record: RecordFile,
  table: ProcessTable,
): Promise<{ count: number; survivors: number }> {
  const known = new Map<number, number>()
  const told = new Set<string>()
  const look = async () => {
    const living = findLeftovers(await table.list(), record, known)
    for (const { pid, startedAt } of living) known.set(pid, startedAt)
    return living
  }
  const startedAt = performance.now()
  for (;;) {
    const living = await look()
    const elapsed = performance.now() - startedAt
    if (living.length === 0) return { count: told.size, survivors: 0 }
    if (elapsed > termMs + killMs) return { count: told.size, survivors: living.length }
    const gently = table.hasSigterm && elapsed < termMs
    const nameOf = ({ pid, startedAt: at }: ProcessName) => `${pid}-${at}`
    const targets = gently ? living.filter((entry) => !told.has(nameOf(entry))) : living
    await table.signal(targets, gently ? 'SIGTERM' : 'SIGKILL')
    for (const target of targets) told.add(nameOf(target))
    await delay(50)
  }
}

function findLeftovers(
  entries: readonly ProcessEntry[],
  record: RecordFile,
  known: ReadonlyMap<number, number>,
): ProcessEntry[] {
  const found = new Set<ProcessEntry>()
  const isOfRun = (marker: string) => marker.startsWith(`${record.runId}:`)
  const living = new Map(entries.map((entry) => [entry.pid, entry.startedAt]))
  for (const root of record.instances) {
    // Long after, the number of a group proves nothing unless its leader is still the one on record.
    const leaderLives = living.get(root.pid) === root.startedAt
    const members = findTree(entries, {
      root,
      known: leaderLives ? new Map([...known, [root.pid, root.startedAt]]) : known,
      groupId: leaderLives ? root.pid : undefined,
      notBefore: root.startedAt,
      hasMarker: isOfRun,
    })
    for (const member of members) found.add(member)
  }
  return [...found]
}

function parseRecord(text: string): RecordFile | undefined {
  try {
    return recordFile.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

async function removeIfOld(file: string): Promise<void> {
  const { mtimeMs } = await fs.promises.stat(file)
  if (Date.now() - mtimeMs > foreignRecordMs) await fs.promises.rm(file, { force: true })
}
