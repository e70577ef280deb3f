/**
 * Before the tests: what they need that npm does not bring. Missing tools are installed where that is possible without
 * asking (Debian or Ubuntu, as root); else this says what to install. Without Chromium there are no tests of the
 * window; without the others some are skipped by name.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

function findProgram(names, ...more) {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/snap/bin']
  const inPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)))
  return [...inPath, ...more].find((place) => fs.existsSync(place))
}

/** The path of a Chromium, or undefined. `CHROMIUM_PATH` overrides. */
export function findChromium() {
  return (
    process.env['CHROMIUM_PATH'] ??
    findProgram(
      chromiumNames,
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    )
  )
}

/** What packs archives in the tests of the packages, or undefined. */
export function findSevenZip() {
  return findProgram(['7za'])
}

function missingPackages() {
  if (process.platform !== 'linux') return []
  return [
    ...(findChromium() === undefined ? ['chromium', 'xvfb'] : []),
    ...(findSevenZip() === undefined ? ['p7zip-full'] : []),
    ...(findProgram(['gnome-keyring-daemon']) === undefined ? ['gnome-keyring'] : []),
    ...(findProgram(['dbus-daemon']) === undefined ? ['dbus'] : []),
    ...missingEngines(),
  ]
}

/** The tests start them themselves (test/containers/engines-setup.ts), which takes root. */
function missingEngines() {
  if (process.getuid?.() !== 0) return []
  return [
    ...(findProgram(['dockerd'], '/usr/sbin/dockerd') === undefined ? ['docker.io'] : []),
    // runc: the other one, crun, does not know every way to group processes.
    ...(findProgram(['podman']) === undefined ? ['podman', 'runc'] : []),
    ...(findProgram(['iptables'], '/usr/sbin/iptables') === undefined ? ['iptables'] : []),
  ]
}

function ensure() {
  const missing = missingPackages()
  const canInstall =
    process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).error === undefined
  if (missing.length > 0 && canInstall) install(missing)
  else if (missing.length > 0)
    process.stderr.write(
      `Some tests need more than npm brings. Debian, Ubuntu: \`sudo apt-get install ${missing.join(' ')}\`.\n`,
    )
  if (findChromium() !== undefined) return
  process.stderr.write(
    'The tests of the window need Chromium and found none. Install it, or set CHROMIUM_PATH to the executable of a Chromium or Chrome.\n',
  )
  process.exit(1)
}

function install(packages) {
  process.stdout.write(`Installing for the tests: ${packages.join(', ')} …\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env })
    if (status === 0) continue
    process.stderr.write(`apt-get ${args.join(' ')} ended with code ${status}.\n`)
    return
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensure()
