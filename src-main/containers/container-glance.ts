import fs from 'node:fs'
import path from 'node:path'

/** True if an earlier run may have left containers: without any, no engine is asked. */
export function hasContainerRecords(stateDir: string): boolean {
  try {
    const text = fs.readFileSync(path.join(stateDir, 'containers.json'), 'utf8')
    return !text.includes('"engines":[]')
  } catch {
    return false
  }
}
