import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixtures, isAlive, pidsWithEnvironment } from '../support/processes.ts'
import { reapLeftovers } from '../../src-main/runtimes/leftovers.ts'
import { ProcessRecords } from '../../src-main/runtimes/process-records.ts'
import { psProcessTable, systemProcessTable } from '../../src-main/runtimes/system-process-table.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'

let stateDir = ''
let runId = ''
const children: ChildProcess[] = []

beforeEach(() => {
  stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'leftovers-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  if (runId !== '') for (const pid of pidsWithEnvironment(runId)) process.kill(pid, 'SIGKILL')
  runId = ''
  fs.rmSync(stateDir, { recursive: true, force: true })
})

const records = () => {
  const folder = path.join(stateDir, 'processes')
  return fs.existsSync(folder) ? fs.readdirSync(folder) : []
}
const recordFile = () => path.join(stateDir, 'processes', records()[0] ?? '')

function startProcess(
  command: string,
  args: string[],
  options: { detached?: boolean } = {},
): ChildProcess & { pid: number } {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  return Object.assign(child, { pid: child.pid ?? 0 })
}

/** A gateway with three servers and five processes below it. */
async function startGateway(...args: string[]) {
  const gateway = startProcess(process.execPath, [
    path.join(fixtures, 'process-gateway.mjs'),
    stateDir,
    ...args,
  ])
  const exited = new Promise<void>((resolve) => gateway.once('exit', () => resolve()))
  await Promise.race([new Promise((resolve) => gateway.stdout?.once('data', resolve)), exited])
  return { pid: gateway.pid, exited, kill: () => gateway.kill('SIGKILL') }
}

function forge(record: object): void {
  fs.mkdirSync(path.join(stateDir, 'processes'))
  fs.writeFileSync(path.join(stateDir, 'processes', '4242-1.json'), JSON.stringify(record))
}

describe.runIf(process.platform === 'linux')('a gateway that was killed outright', () => {
  test('has all that it left ended at the next start, its daemons included, within 5 s', async () => {
    const gateway = await startGateway()
    const written = JSON.parse(fs.readFileSync(recordFile(), 'utf8'))
    runId = written.runId
    expect(fs.statSync(recordFile()).mode & 0o777).toBe(0o600)
    expect(written.instances).toHaveLength(3)
    await eventually(() => expect(pidsWithEnvironment(runId)).toHaveLength(5))

    // While it lives, its record and its processes are its own.
    expect(await reapLeftovers(stateDir, silentLog)).toBe(0)
    expect(pidsWithEnvironment(runId)).toHaveLength(5)

    gateway.kill()
    await gateway.exited
    const startedAt = performance.now()
    expect(await reapLeftovers(stateDir, silentLog)).toBe(5)
    expect(pidsWithEnvironment(runId)).toEqual([])
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(records()).toEqual([])
  })

  test('has them ended even if the record of some was never written', async () => {
    const gateway = await startGateway()
    const written = JSON.parse(fs.readFileSync(recordFile(), 'utf8'))
    runId = written.runId
    gateway.kill()
    await gateway.exited
    fs.writeFileSync(
      recordFile(),
      JSON.stringify({ ...written, instances: written.instances.slice(0, 1) }),
    )
    await reapLeftovers(stateDir, silentLog)
    expect(pidsWithEnvironment(runId)).toEqual([])
  })

  test('leaves nothing when it dies of an uncaught exception', async () => {
    const gateway = await startGateway('throw')
    await gateway.exited
    runId = fs.readFileSync(path.join(stateDir, 'run-id'), 'utf8')
    expect(records()).toHaveLength(1)
    await eventually(() => expect(pidsWithEnvironment(runId)).toEqual([]))
  })
})

describe.runIf(process.platform !== 'win32')('a record', () => {
  const tables = [
    ['this system', systemProcessTable()],
    ['ps', psProcessTable()],
  ] as const
  const dead = { pid: 999_999_999, startedAt: 1 }
  const run = '00000000-0000-4000-8000-000000000000'

  test.each(tables)(
    'with a start time that is another’s harms nobody (%s)',
    async (_name, table) => {
      const stranger = startProcess('sleep', ['60'])
      const startedAt = (await table.startedAt(stranger.pid)) ?? 0
      const instance = { instanceId: 'a', serverId: 'x', pid: stranger.pid }
      forge({
        version: 1,
        host: table.host,
        runId: run,
        gateway: dead,
        instances: [
          { ...instance, startedAt: startedAt - 5 },
          { ...instance, startedAt: startedAt + 5 },
        ],
      })
      expect(await reapLeftovers(stateDir, silentLog, table)).toBe(0)
      expect(isAlive(stranger.pid)).toBe(true)
      expect(records()).toEqual([])
    },
  )

  test.each(tables)(
    'with the right start time ends the process and its children (%s)',
    async (_name, table) => {
      const orphan = startProcess('sh', ['-c', 'sleep 60 & echo $!; wait'])
      const child = Number(await new Promise((resolve) => orphan.stdout?.once('data', resolve)))
      const startedAt = (await table.startedAt(orphan.pid)) ?? 0
      const instance = { instanceId: 'a', serverId: 'x', pid: orphan.pid, startedAt }
      forge({ version: 1, host: table.host, runId: run, gateway: dead, instances: [instance] })
      expect(await reapLeftovers(stateDir, silentLog, table)).toBe(2)
      expect([orphan.pid, child].filter(isAlive)).toEqual([])
    },
  )

  test.each(tables)('of a dead leader says nothing about its group (%s)', async (_name, table) => {
    const leader = startProcess('sh', ['-c', 'sleep 60 & echo $!'], { detached: true })
    const output = new Promise((resolve) => leader.stdout?.once('data', resolve))
    const stranger = Number(await output)
    await eventually(() => expect(isAlive(leader.pid)).toBe(false))
    const instance = { instanceId: 'a', serverId: 'x', pid: leader.pid, startedAt: 1 }
    forge({ version: 1, host: table.host, runId: run, gateway: dead, instances: [instance] })
    expect(await reapLeftovers(stateDir, silentLog, table)).toBe(0)
    expect(isAlive(stranger)).toBe(true)
    process.kill(stranger, 'SIGKILL')
  })

  test('of another machine or container is left alone', async () => {
    const stranger = startProcess('sleep', ['60'])
    const startedAt = (await systemProcessTable().startedAt(stranger.pid)) ?? 0
    const instance = { instanceId: 'a', serverId: 'x', pid: stranger.pid, startedAt }
    forge({ version: 1, host: 'elsewhere', runId: run, gateway: dead, instances: [instance] })
    expect(await reapLeftovers(stateDir, silentLog)).toBe(0)
    expect(isAlive(stranger.pid)).toBe(true)
    expect(records()).toHaveLength(1)
  })

  test.each(['', '{"version":1', '{"version":1,"gateway":{"pid":-1}}', '\0\0\0'])(
    'that is corrupt (%j) is set aside with a warning',
    async (text) => {
      fs.mkdirSync(path.join(stateDir, 'processes'))
      fs.writeFileSync(path.join(stateDir, 'processes', '1-1.json'), text)
      const warnings: string[] = []
      const log = {
        ...silentLog,
        warn: (_fields: object, message: string) => warnings.push(message),
      }
      expect(await reapLeftovers(stateDir, log)).toBe(0)
      expect(records()).toEqual(['1-1.json.corrupt'])
      expect(warnings).toEqual([expect.stringContaining('set aside')])
    },
  )

  test('exists only while something runs', async () => {
    const processRecords = new ProcessRecords(stateDir, silentLog)
    processRecords.add(run, { instanceId: 'a', serverId: 'x', pid: 10, startedAt: 1 })
    processRecords.add(run, { instanceId: 'b', serverId: 'x', pid: 11, startedAt: 1 })
    await eventually(() => expect(records()).toHaveLength(1))
    processRecords.remove('a')
    processRecords.remove('b')
    await eventually(() => expect(records()).toEqual([]))
  })

  test('that cannot be written is a warning and no more', async () => {
    fs.writeFileSync(path.join(stateDir, 'processes'), 'a file where the folder should be')
    const warnings: string[] = []
    const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) }
    new ProcessRecords(stateDir, log).add(run, {
      instanceId: 'a',
      serverId: 'x',
      pid: 10,
      startedAt: 1,
    })
    await eventually(() => expect(warnings).toHaveLength(1))
  })

  test('folder that does not exist yet is no leftover', async () => {
    expect(await reapLeftovers(path.join(stateDir, 'new'), silentLog)).toBe(0)
  })
})
