/**
 * Lays out what electron-builder packs, from dist/: .build/app becomes app.asar, .build/programs lies beside it. Only
 * what the entries reach is taken: dist/chunks keeps files of earlier builds for programs that still run from it.
 */
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const dist = path.join(root, 'dist')
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))

const programs = ['gateway.cjs', 'gateway-http.cjs', 'gateway-stdio.cjs', 'parse-worker.cjs']
const desktop = path.relative(dist, path.join(root, path.dirname(manifest.main)))

stage('programs', [...programs, 'ui/index.html'], '')
stage('app', [...filesIn(desktop), 'ui/index.html'], 'dist')
write('app', 'package.json', `${JSON.stringify(about(), null, 2)}\n`)

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

function stage(target, entries, folder) {
  fs.rmSync(path.join(root, '.build', target), { recursive: true, force: true })
  for (const file of reachedFrom(entries))
    write(target, path.join(folder, file), fs.readFileSync(path.join(dist, file)))
}

function write(target, file, data) {
  const full = path.join(root, '.build', target, file)
  fs.mkdirSync(path.dirname(full), { recursive: true })
  fs.writeFileSync(full, data)
}

/** The entries and, by their file names in the text of what is reached, the chunks and assets that these load. */
function reachedFrom(entries) {
  const reached = new Set(entries)
  const others = new Set(
    [...filesIn('chunks'), ...filesIn('ui')].filter((file) => !reached.has(file)),
  )
  for (const file of reached) {
    const text = fs.readFileSync(path.join(dist, file), 'latin1')
    for (const other of others)
      if (text.includes(path.basename(other))) {
        others.delete(other)
        reached.add(other)
      }
  }
  return reached
}

function filesIn(folder) {
  const at = path.join(dist, folder)
  return fs
    .readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dist, path.join(entry.parentPath, entry.name)))
}
