/**
 * Lays out .build/native, which becomes resources/node_modules of the packages: the native module of the keychain, that
 * no bundle can hold. npm has installed it for this machine alone; with `--all` those of this system's other
 * architectures are fetched, each checked against package-lock.json. Several may do this at once.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const root = path.join(import.meta.dirname, '..')
const target = path.join(root, '.build', 'native')
const installed = path.join(root, 'node_modules')
const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages

const scope = '@napi-rs'
/** What packages are made for: electron-builder.yml. */
const binaries = {
  linux: ['keyring-linux-x64-gnu', 'keyring-linux-arm64-gnu'],
  darwin: ['keyring-darwin-x64', 'keyring-darwin-arm64'],
  win32: ['keyring-win32-x64-msvc', 'keyring-win32-arm64-msvc'],
}

/** `all`: for every architecture that packages of this system are made for; throws if one cannot be had. */
export function stageKeyring({ all = false } = {}) {
  const wanted = binaries[process.platform] ?? []
  copy('keyring', path.join(installed, scope, 'keyring'))
  for (const name of wanted) {
    const from = path.join(installed, scope, name)
    if (fs.existsSync(from)) copy(name, from)
    else if (all) copy(name, fetched(name))
  }
}

/** What a program needs of it, and its licenses. */
function copy(name, from) {
  const to = path.join(target, scope, name)
  fs.mkdirSync(to, { recursive: true })
  for (const file of fs.readdirSync(from)) {
    if (!/^(?:package\.json|index\.js|LICENSE.*|.*\.node)$/.test(file)) continue
    const data = fs.readFileSync(path.join(from, file))
    const full = path.join(to, file)
    if (fs.existsSync(full) && fs.readFileSync(full).equals(data)) continue
    const draft = `${full}.${process.pid}`
    fs.writeFileSync(draft, data)
    fs.renameSync(draft, full)
  }
}

/** The folder of a package that npm leaves out on this machine. */
function fetched(name) {
  const { version, integrity } = lock[`node_modules/${scope}/${name}`]
  const folder = path.join(root, '.build', 'fetched', `${name}-${version}`)
  if (fs.existsSync(path.join(folder, 'package', 'package.json')))
    return path.join(folder, 'package')
  fs.mkdirSync(folder, { recursive: true })
  process.stdout.write(`Fetching ${scope}/${name} ${version} …\n`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const said = execFileSync(npm, ['pack', '--json', `${scope}/${name}@${version}`], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const [packed] = JSON.parse(said)
  const archive = path.join(folder, path.basename(packed.filename))
  const [algorithm, hash] = integrity.split('-', 2)
  const found = createHash(algorithm).update(fs.readFileSync(archive)).digest('base64')
  if (found !== hash)
    throw new Error(
      `${scope}/${name} ${version} is not what package-lock.json says; nothing is packed.`,
    )
  execFileSync('tar', ['-xzf', path.basename(archive)], { cwd: folder })
  return path.join(folder, 'package')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  stageKeyring({ all: process.argv.includes('--all') })
