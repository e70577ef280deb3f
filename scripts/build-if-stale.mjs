import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const built = path.join(root, 'dist', 'gateway-stdio.cjs')
const sources = [
  'src-main',
  'src-shared',
  'src-renderer',
  'resources/icons',
  'vite.config.ts',
  'package.json',
]
const lock = path.join(root, '.build', 'building')
const lockLimitMs = 60_000

/** Builds dist/ unless it is newer than every source. Of several that ask at once, one builds. */
export function buildIfStale() {
  const limit = Date.now() + lockLimitMs
  while (isStale()) {
    if (take()) {
      try {
        build()
      } finally {
        fs.rmSync(lock, { recursive: true, force: true })
      }
    } else if (Date.now() > limit) fs.rmSync(lock, { recursive: true, force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  }
}

function take() {
  fs.mkdirSync(path.dirname(lock), { recursive: true })
  try {
    fs.mkdirSync(lock)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function build() {
  const startedAt = new Date()
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const args = [vite, 'build', '--app', '--logLevel', 'warn']
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    // Under a test runner it says `test`, and the window would be built with React's development half.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`vite build ended with code ${status}`)
  // A source that was saved while we built is newer than this.
  fs.utimesSync(built, startedAt, startedAt)
}

function isStale() {
  const builtAt = fs.statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return sources.some((source) => newest(path.join(root, source)) > builtAt)
}

function newest(file) {
  const found = fs.statSync(file)
  if (!found.isDirectory()) return found.mtimeMs
  // The folder's own time tells of files that were removed.
  return Math.max(
    found.mtimeMs,
    ...fs.readdirSync(file).map((name) => newest(path.join(file, name))),
  )
}
