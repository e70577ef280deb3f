/**
 * Makes the gateway's image without a registry and without an engine, from the same files as the Dockerfile, but of this
 * machine, and dist/ as it is. Writes an archive for `docker load` and `podman load`, and says how large it is.
 *
 *   node scripts/build-image.mjs [--full] [--out FILE] [--name NAME:TAG] [--size]
 *
 * --full: with npm, a shell and, where it is found, uv, but without Python: for that, build the Dockerfile. --size:
 * measures it compressed as registries do, and fails past 50 MB.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { stageConfig } from './dockerfile.mjs'
import { copyProgram, run, withFolder, writeImage } from './image-archive.mjs'
import { layOutApp, layOutBase, nonroot } from './image-files.mjs'

const root = path.join(import.meta.dirname, '..')
const maxCompressedBytes = 50_000_000

/**
 * Writes the image to the archive `out`, from dist/ as it is. Returns the size of its layers compressed, if that is to
 * be measured.
 */
export function buildImage({ out, name, full = false, measure = false }) {
  const dockerfile = fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8')
  const config = stageConfig(dockerfile, full ? 'full' : 'slim')
  return withFolder((folder) => {
    const base = path.join(folder, 'base')
    const app = path.join(folder, 'app')
    const state = path.join(folder, 'state')
    layOutBase(base)
    if (full) layOutTools(base)
    layOutApp(app)
    fs.mkdirSync(path.join(state, 'var/lib/mcp-gateway'), { recursive: true })
    writeImage({
      out,
      name,
      layers: [
        { root: base },
        { root: app },
        { root: state, paths: ['./var/lib/mcp-gateway'], owner: nonroot },
      ],
      config,
    })
    return measure ? compressedSize(out, folder) : undefined
  })
}

/** What starts servers. */
function layOutTools(base) {
  for (const [program, target] of [
    ['/bin/sh', '/bin/sh'],
    ['/usr/bin/env', '/usr/bin/env'],
  ])
    copyProgram(fs.realpathSync(program), base, target)
  const npm = npmFolder()
  if (npm === undefined) throw new Error('npm is not where this looks for it.')
  const modules = '/usr/local/lib/node_modules/npm'
  fs.cpSync(npm, path.join(base, modules), { recursive: true, dereference: true })
  for (const name of ['npm', 'npx'])
    fs.symlinkSync(
      `../lib/node_modules/npm/bin/${name}-cli.js`,
      path.join(base, 'usr/local/bin', name),
    )
  for (const name of ['uv', 'uvx']) {
    const found = inPath(name)
    if (found !== undefined) copyProgram(found, base, `/usr/local/bin/${name}`)
  }
}

function npmFolder() {
  const npx = inPath('npx')
  return npx && path.join(path.dirname(fs.realpathSync(npx)), '..')
}

function inPath(name) {
  return (
    (process.env['PATH'] ?? '')
      .split(path.delimiter)
      // Not the links of this repository's own packages.
      .filter((folder) => !folder.includes(`node_modules${path.sep}.bin`))
      .map((folder) => path.join(folder, name))
      .find((file) => fs.existsSync(file))
  )
}

/** Of the layers, with gzip as it is by default, as a registry keeps them. */
function compressedSize(archive, folder) {
  const unpacked = path.join(folder, 'unpacked')
  fs.mkdirSync(unpacked)
  run('tar', ['-xf', archive, '-C', unpacked])
  return fs
    .readdirSync(unpacked)
    .filter((name) => name.startsWith('layer-'))
    .reduce((sum, name) => sum + gzipSync(fs.readFileSync(path.join(unpacked, name))).byteLength, 0)
}

function main() {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      out: { type: 'string', default: path.join(os.tmpdir(), 'open-mcp-gateway.tar') },
      name: { type: 'string' },
      size: { type: 'boolean', default: false },
    },
  })
  const { full, out, size } = values
  const name = values.name ?? `open-mcp-gateway:${full ? 'full' : 'latest'}`
  const bytes = buildImage({ out, name, full, measure: size })
  process.stdout.write(`${name} is in ${out}; docker load -i ${out}\n`)
  if (bytes === undefined) return
  process.stdout.write(`Compressed: ${(bytes / 1e6).toFixed(1)} MB\n`)
  if (full || bytes <= maxCompressedBytes) return
  process.stderr.write(`That is more than the ${maxCompressedBytes / 1e6} MB that it may have.\n`)
  process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
