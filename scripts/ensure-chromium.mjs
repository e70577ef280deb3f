/**
 * Before the tests of the window: a Chromium and, for the desktop app, Xvfb. Where both are missing they are installed
 * if that is possible without asking (Debian or Ubuntu, as root); else this says what to install.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** The path of a Chromium, or undefined. `CHROMIUM_PATH` overrides. */
export function findChromium() {
  const given = process.env['CHROMIUM_PATH']
  if (given !== undefined) return given
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/snap/bin']
  const places = [
    ...folders.flatMap((folder) => names.map((name) => path.join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ]
  return places.find((place) => fs.existsSync(place))
}

function ensure() {
  if (findChromium() !== undefined) return
  const canInstall =
    process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).error === undefined
  if (!canInstall) {
    process.stderr.write(
      'The tests of the window need Chromium and found none. Install it (Debian, Ubuntu: `sudo apt-get install chromium xvfb`), or set CHROMIUM_PATH to the executable of a Chromium or Chrome.\n',
    )
    process.exit(1)
  }
  process.stdout.write('Installing chromium and xvfb for the tests of the window …\n')
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'xvfb'],
  ]) {
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env: environment })
    if (status !== 0) {
      process.stderr.write(`apt-get ${args.join(' ')} ended with code ${status}.\n`)
      process.exit(1)
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensure()
