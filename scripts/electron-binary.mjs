/** Where Electron's own executable is; and getting it, which the package `electron` leaves to whoever needs it. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const packageFolder = path.join(root, 'node_modules', 'electron')
const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }

const downloadLimitMs = 15 * 60_000
const lookMs = 500

/** The executable, or undefined. Never by `require('electron')`, which would download it without a word. */
export function findElectron() {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(packageFolder, 'dist')
  const executable = path.join(dist, names[process.platform] ?? 'electron')
  const isWhole = fs.existsSync(path.join(dist, 'version')) && fs.existsSync(executable)
  return isWhole ? executable : undefined
}

/** Why the desktop app cannot be shown here, so that nothing is downloaded for it; undefined if it may be. */
export function whyNoDesktop(env = process.env) {
  if (process.platform !== 'linux') return undefined
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display here'
  if (process.getuid() === 0) return 'Electron does not run as root'
  return undefined
}

/**
 * Has the package download its executable, about 110 MB, once; says so, and how far it is. A download of which nothing
 * comes for `stallMs` is given up. Rejects with an Error whose message is one line.
 */
export async function downloadElectron({
  write = (text) => process.stdout.write(text),
  stallMs = 20_000,
} = {}) {
  if (process.env.ELECTRON_SKIP_BINARY_DOWNLOAD)
    throw new Error('ELECTRON_SKIP_BINARY_DOWNLOAD keeps it from being downloaded')
  const installer = path.join(packageFolder, 'install.js')
  if (!fs.existsSync(installer)) throw new Error('the package electron is not installed')
  const { version } = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'))
  const say = progressOn(write)
  say(`Downloading Electron ${version} for the desktop app, once, about 110 MB …`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'electron-for-start-'))
  try {
    await install(installer, folder, stallMs, (megabytes) =>
      say(`Downloading Electron ${version}: ${megabytes} MB`),
    )
  } finally {
    say.end()
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  if (findElectron() === undefined) throw new Error('what was downloaded has no executable')
}

/** The installer loads into the temporary folder, whose growth is its progress. */
function install(installer, folder, stallMs, onProgress) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [installer], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        TMPDIR: folder,
        TEMP: folder,
        TMP: folder,
        ELECTRON_GET_NO_PROGRESS: '1',
      },
    })
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaint = (complaint + text).slice(-4_000)
    })
    const startedAt = performance.now()
    let bytes = 0
    let grownAt = startedAt
    let whyEnded
    const timer = setInterval(() => {
      const now = performance.now()
      const size = sizeOf(folder)
      if (size > bytes) {
        bytes = size
        grownAt = now
        onProgress(Math.round(size / 1e6))
      }
      // Once it has come, it is unpacked elsewhere.
      const isStalled = now - grownAt > stallMs && bytes < 50e6
      if (!isStalled && now - startedAt < downloadLimitMs) return
      whyEnded = isStalled
        ? `no more of it came for ${stallMs / 1000} seconds`
        : `it took longer than ${downloadLimitMs / 60_000} minutes`
      child.kill('SIGKILL')
    }, lookMs)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearInterval(timer)
      if (code === 0) resolve()
      else reject(new Error(whyEnded ?? reasonIn(complaint)))
    })
  })
}

function sizeOf(folder) {
  let size = 0
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      size +=
        fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name), {
          throwIfNoEntry: false,
        })?.size ?? 0
  return size
}

/** The last cause in a stack trace: the first says `fetch failed` and no more. */
function reasonIn(text) {
  const causes = [...text.matchAll(/(?:Error|cause\]): (.+)/g)].map(([, message]) => message.trim())
  return (causes.at(-1) ?? text.trim().split('\n').at(-1)) || 'the installer failed'
}

/** One line that is written over on a terminal; in a file, the first words alone. */
function progressOn(write) {
  const isTerminal = process.stdout.isTTY === true
  let shown = 0
  const say = (text) => {
    if (isTerminal) write(`\r${text.padEnd(shown)}`)
    else if (shown === 0) write(text)
    shown = Math.max(shown, text.length)
  }
  say.end = () => write('\n')
  return say
}
