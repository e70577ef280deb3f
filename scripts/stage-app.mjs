/**
 * Lays out what electron-builder packs, from dist/: .build/app becomes app.asar, .build/programs lies beside it. Only
 * what the entries reach is taken: dist/chunks keeps files of earlier builds for programs that still run from it.
 * Several may do this at once: a file that is right is left alone, and each appears whole.
 */
import fs from 'node:fs'
import path from 'node:path'
import { stageKeyring } from './stage-keyring.mjs'

const root = path.join(import.meta.dirname, '..')
const dist = path.join(root, 'dist')
const build = path.join(root, '.build')
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))

const programs = ['gateway.cjs', 'gateway-http.cjs', 'gateway-stdio.cjs', 'parse-worker.cjs']
const desktop = path.relative(dist, path.join(root, path.dirname(manifest.main)))

stageKeyring()
layOut('programs', reachedFrom([...programs, 'ui/index.html'], ''))
layOut('app', [
  ...reachedFrom([...filesBelow(path.join(dist, desktop), dist), 'ui/index.html'], 'dist'),
  ['package.json', Buffer.from(`${JSON.stringify(about(), null, 2)}\n`)],
])

/** Without dependencies and scripts: electron-builder has nothing to collect, and readers nothing to run. */
function about() {
  const { name, version, description, license, author, homepage, repository } = manifest
  const { type, main, desktopName } = manifest
  return {
    name,
    version,
    description,
    license,
    author,
    homepage,
    repository,
    type,
    main,
    desktopName,
  }
}

/** The entries and, by their file names in the text of what is reached, the chunks and assets that these load. */
function reachedFrom(entries, folder) {
  const reached = new Map(entries.map((file) => [file, read(file)]))
  const others = new Set(
    [path.join(dist, 'chunks'), path.join(dist, 'ui')].flatMap((from) => filesBelow(from, dist)),
  )
  for (const [file, data] of reached) {
    others.delete(file)
    const text = data.toString('latin1')
    for (const other of others)
      if (text.includes(path.basename(other))) {
        others.delete(other)
        reached.set(other, read(other))
      }
  }
  return [...reached].map(([file, data]) => [path.join(folder, file), data])
}

function read(file) {
  return fs.readFileSync(path.join(dist, file))
}

/** Makes the folder hold these files and no others. */
function layOut(folder, files) {
  const target = path.join(build, folder)
  const wanted = new Map(files)
  fs.mkdirSync(target, { recursive: true })
  for (const file of filesBelow(target, target))
    if (!wanted.has(file)) fs.rmSync(path.join(target, file), { force: true })
  const draft = path.join(build, `staged-${process.pid}`)
  for (const [file, data] of wanted) {
    const full = path.join(target, file)
    if (fs.existsSync(full) && fs.readFileSync(full).equals(data)) continue
    fs.mkdirSync(path.dirname(full), { recursive: true })
    fs.writeFileSync(draft, data)
    fs.renameSync(draft, full)
  }
}

function filesBelow(folder, base) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)))
}
