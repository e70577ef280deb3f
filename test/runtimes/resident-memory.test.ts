import { expect, test } from 'vitest'
import { psProcessTable, systemProcessTable } from '../../src-main/runtimes/system-process-table.ts'

const onPosix = process.platform !== 'win32'

test.each([
  ['of the system', systemProcessTable()] as const,
  ...(onPosix ? [['of ps', psProcessTable()] as const] : []),
])('the table %s tells the resident memory of those asked for, in bytes', async (_name, table) => {
  const found = await table.residentBytes([process.pid, 999_999_999])
  expect([...found.keys()]).toEqual([process.pid])
  const share = (found.get(process.pid) ?? 0) / process.memoryUsage.rss()
  expect(share).toBeGreaterThan(0.7)
  expect(share).toBeLessThan(1.3)
})
