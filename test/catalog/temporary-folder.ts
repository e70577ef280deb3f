import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. Concurrent tests must pass the `onTestFinished` of their own context. */
export function temporaryFolder(onFinished: typeof onTestFinished = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-catalog-'))
  onFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
