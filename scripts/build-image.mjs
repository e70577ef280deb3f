/**
 * Makes the gateway's image without a registry: Node as it runs here, the libraries that it needs, and dist/. The rest
 * is what the Dockerfile says. Writes an archive for `docker load` and `podman load`, and says how large it is.
 *
 *   node scripts/build-image.mjs [--full] [--out FILE] [--name NAME:TAG] [--size]
 *
 * --full: with npm, a shell and, where it is found, uv. --size: measures it compressed as registries do, and fails
 * past 50 MB.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { stageConfig } from './dockerfile.mjs'
import { copyProgram, run, withFolder, writeImage } from './image-archive.mjs'

const root = path.join(import.meta.dirname, '..')
const maxCompressedBytes = 50_000_000
/** As distroless has it. */
const nonroot = '65532'

/**
 * Writes the image to the archive `out`, from dist/ as it is. Returns the size of its layers compressed, if that is to
 * be measured.
 */
export function buildImage({ out, name, full = false, measure = false }) {
  const dockerfile = fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8')
  const config = stageConfig(dockerfile, full ? 'full' : 'slim')
  run(process.execPath, [path.join(root, 'scripts', 'stage-app.mjs')])
  return withFolder((folder) => {
    const base = path.join(folder, 'base')
    const app = path.join(folder, 'app')
    layOutBase(base, full)
    layOutApp(app)
    writeImage({
      out,
      name,
      layers: [
        { root: base },
        { root: app },
        { root: app, paths: ['./var/lib/mcp-gateway'], owner: nonroot },
      ],
      config,
    })
    return measure ? compressedSize(out, folder) : undefined
  })
}

/** What `gcr.io/distroless/cc` and Node bring; for the full one a shell and what starts servers. */
function layOutBase(base, full) {
  const small = path.join(base, 'node-small')
  fs.mkdirSync(base, { recursive: true })
  // A Node without them may have been stripped already, and a machine may have no binutils.
  const hasStrip = fs.existsSync('/usr/bin/strip')
  if (hasStrip) run('strip', ['-o', small, process.execPath])
  copyProgram(hasStrip ? small : process.execPath, base, '/usr/local/bin/node')
  fs.rmSync(small, { force: true })
  fs.mkdirSync(path.join(base, 'tmp'))
  fs.chmodSync(path.join(base, 'tmp'), 0o1777)
  write(
    base,
    'etc/passwd',
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${nonroot}:${nonroot}::/home/nonroot:/sbin/nologin\n`,
  )
  write(base, 'etc/group', `root:x:0:\nnonroot:x:${nonroot}:\n`)
  write(base, 'etc/nsswitch.conf', 'hosts: files dns\n')
  // How names are looked up is loaded at run time.
  for (const library of ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'])
    for (const place of ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu'])
      if (fs.existsSync(path.join(place, library)))
        write(base, path.join(place, library), fs.readFileSync(path.join(place, library)))
  const certificates = '/etc/ssl/certs/ca-certificates.crt'
  if (fs.existsSync(certificates)) write(base, certificates, fs.readFileSync(certificates))
  if (full) layOutTools(base)
}

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

function layOutApp(app) {
  fs.cpSync(path.join(root, '.build', 'programs'), path.join(app, 'app'), { recursive: true })
  fs.cpSync(path.join(root, 'dist', 'licenses'), path.join(app, 'app', 'licenses'), {
    recursive: true,
  })
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(app, 'app', 'LICENSE'))
  run(process.execPath, [
    path.join(root, 'scripts', 'compile-ahead.mjs'),
    path.join(app, 'app'),
    nonroot,
  ])
  for (const folder of ['etc/mcp-gateway', 'var/lib/mcp-gateway'])
    fs.mkdirSync(path.join(app, folder), { recursive: true })
}

function write(base, file, content) {
  fs.mkdirSync(path.dirname(path.join(base, file)), { recursive: true })
  fs.writeFileSync(path.join(base, file), content)
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
