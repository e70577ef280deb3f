import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultConfig } from '../../src-main/catalog/config-file.ts'
import { runningGateway } from '../../src-main/host/gateway-claim.ts'
import { Host } from '../../src-main/host/host.ts'
import type { HostOptions } from '../../src-main/host/host.ts'
import type { Settings } from '../../src-main/host/settings.ts'
import { stateFiles } from '../../src-main/state-dir.ts'
import { scriptedServer } from '../support/gateway.ts'
import { isAlive } from '../support/processes.ts'

const silent: HostOptions = { logStream: { write: () => true, on: () => {} } }

async function settings(listen_addr = '127.0.0.1:0', servers: object[] = []): Promise<Settings> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-host-'))
  onTestFinished(() => fs.rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  const config = { ...defaultConfig, listen_addr, hot_reload: false, drain_timeout_seconds: 1 }
  const catalogPath = path.join(dir, 'catalog.yaml')
  await fs.writeFile(catalogPath, JSON.stringify({ servers }))
  const files = stateFiles(path.join(dir, 'state'))
  return {
    config,
    fileConfig: config,
    configPath: path.join(dir, 'config.yaml'),
    catalogPath,
    files,
  }
}

/** Somebody else's port. */
async function takenPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port.')
  return address.port
}

test('is the one gateway of its folder until it is closed, which may be asked for twice', async () => {
  const mine = await settings('127.0.0.1:0', [scriptedServer('one', [], { always_on: true })])
  const host = await Host.claim(mine, silent)
  await host.start()
  expect(runningGateway(mine.files)).toMatchObject({
    pid: process.pid,
    url: host.url,
    spawned: false,
  })
  const one = () => host.gateway.server('one')
  await expect.poll(one).toMatchObject({ status: 'running' })
  const { pids } = one()
  await Promise.all([host.close(), host.close()])
  expect(pids.filter(isAlive)).toEqual([])
  expect(runningGateway(mine.files)).toBeUndefined()
  await expect(fetch(host.url)).rejects.toThrow()
  const next = await Host.claim(mine, silent)
  await next.start()
  await next.close()
})

test('a start that fails leaves nothing behind', async () => {
  const mine = await settings(`127.0.0.1:${await takenPort()}`, [
    scriptedServer('one', [], { always_on: true }),
  ])
  const host = await Host.claim(mine, silent)
  await expect(host.start()).rejects.toMatchObject({ code: 'conflict' })
  expect(runningGateway(mine.files)).toBeUndefined()
  const again = await Host.claim(mine, { ...silent, anyPort: true })
  await again.start()
  expect((await fetch(`${again.url}/health`)).status).toBe(200)
  await again.close()
})

test('closing in the middle of the start ends both', async () => {
  const mine = await settings()
  const host = await Host.claim(mine, silent)
  const starting = host.start()
  await host.close()
  await starting
  expect(runningGateway(mine.files)).toBeUndefined()
  await expect(fetch(host.url)).rejects.toThrow()
})

test('kill ends every process at once and gives the folder free', async () => {
  const mine = await settings('127.0.0.1:0', [scriptedServer('one', ['--ignore-eof'])])
  const host = await Host.claim(mine, silent)
  await host.start()
  await host.gateway.start('one')
  const { pids } = host.gateway.server('one')
  await host.kill()
  await expect.poll(() => pids.filter(isAlive)).toEqual([])
  expect(runningGateway(mine.files)).toBeUndefined()
  await host.close()
})

test('settings that would open it to everybody are refused before anything is claimed', async () => {
  const mine = await settings('0.0.0.0:0')
  await expect(Host.claim(mine, silent)).rejects.toMatchObject({ code: 'bad_request' })
  await expect(fs.access(mine.files.lock)).rejects.toThrow()
})
