import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ListingStore } from '../../src-main/mcp/listing-store.ts'
import type { Knowledge } from '../../src-main/mcp/listing-store.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'

const day = 24 * 3_600_000
let folder: string
let store: ListingStore

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'listing-store-'))
  store = new ListingStore(folder, silentLog)
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const knowledge = (): Knowledge => ({
  asked: new Set(['roots/list']),
  era: { era: 'modern', at: 5 },
  listings: new Map([
    [
      '{}',
      {
        greeting: {
          era: 'modern' as const,
          protocolVersion: '2026-07-28',
          result: Buffer.from('{"capabilities":{"tools":{}}}'),
          discover: Buffer.from('{"supportedVersions":["2026-07-28"]}'),
          capabilities: { tools: {} },
        },
        lacks: new Set(),
        lists: { 'tools/list': Buffer.from('{"tools":[{"name":"a","n":1.0}]}') },
      },
    ],
  ]),
})

const files = async (): Promise<string[]> => fs.readdir(path.join(folder, 'cache', 'servers'))

test('what is saved of a server is there at the next start, to the byte', async () => {
  await store.save('one', knowledge())
  expect(await new ListingStore(folder, silentLog).load('one')).toEqual(knowledge())
  expect(
    (await fs.stat(path.join(folder, 'cache', 'servers', (await files())[0] ?? ''))).mode & 0o777,
  ).toBe(0o600)
})

test('another definition knows nothing, and a damaged file is as good as none', async () => {
  await store.save('one', knowledge())
  expect((await store.load('two')).listings.size).toBe(0)
  for (const name of await files())
    await fs.writeFile(path.join(folder, 'cache', 'servers', name), '{"version":1,')
  expect((await store.load('one')).listings.size).toBe(0)
})

test('what no server has asked for in ninety days is removed, and nothing else', async () => {
  await store.save('used', knowledge())
  await store.save('left', knowledge())
  const long = new Date(Date.now() - 91 * day)
  for (const name of await files())
    await fs.utimes(path.join(folder, 'cache', 'servers', name), long, long)
  await store.load('used')
  await store.prune(Date.now())
  expect(await files()).toHaveLength(1)
  expect((await store.load('used')).listings.size).toBe(1)
})
