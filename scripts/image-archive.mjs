/**
 * Makes container images without an engine and without a registry: an archive as `docker save` writes it and
 * `docker load` and `podman load` read it. For Linux, with GNU tar.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Same content, same image: nothing in it says when it was made. */
const epoch = new Date(0).toISOString()
const architectures = { x64: 'amd64', arm64: 'arm64' }

/** Runs `fn` with a new folder that is gone afterwards. */
export function withFolder(fn) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-image-'))
  try {
    return fn(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Writes an image to the archive `out`. `layers`: lower first, each a folder `root` that
 * becomes `/`, or `paths` of it alone, owned by the user and group `owner` (default: root). `config`: as in the API's
 * image configuration (Entrypoint, Cmd, Env, User, …). `name` has a tag.
 */
export function writeImage({ out, name, layers, config }) {
  withFolder((folder) => {
    const digests = layers.map(({ root, owner = '0', paths = ['.'] }, index) => {
      const file = path.join(folder, `layer-${index}.tar`)
      run('tar', [
        '--sort=name',
        '--mtime=@0',
        `--owner=${owner}`,
        `--group=${owner}`,
        '--numeric-owner',
        '--format=gnu',
        '-cf',
        file,
        '-C',
        root,
        ...paths,
      ])
      return `sha256:${sha256(file)}`
    })
    const description = JSON.stringify({
      architecture: architectures[process.arch],
      os: 'linux',
      created: epoch,
      config,
      rootfs: { type: 'layers', diff_ids: digests },
      history: digests.map(() => ({ created: epoch })),
    })
    fs.writeFileSync(path.join(folder, 'config.json'), description)
    fs.writeFileSync(
      path.join(folder, 'manifest.json'),
      JSON.stringify([
        {
          Config: 'config.json',
          RepoTags: [name],
          Layers: digests.map((_, index) => `layer-${index}.tar`),
        },
      ]),
    )
    run('tar', ['-cf', out, '-C', folder, '.'])
  })
}

/** Copies a program and the shared libraries that it needs, to the same places below `root`. */
export function copyProgram(program, root, target = program) {
  copyFile(program, path.join(root, target), 0o755)
  const { stdout } = run('ldd', [program])
  for (const [, library] of stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g))
    copyFile(library, path.join(root, library), 0o755)
}

/** What a link leads to, not the link. */
function copyFile(source, target, mode) {
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.copyFileSync(source, target)
  if (mode !== undefined) fs.chmodSync(target, mode)
}

/** Copies a package of `node_modules` with everything that it depends on. */
export function copyPackage(name, modules, target) {
  const seen = new Set()
  const visit = (wanted, from) => {
    const folder = findPackage(wanted, from, modules)
    if (folder === undefined || seen.has(folder)) return
    seen.add(folder)
    const inside = path.relative(modules, folder)
    fs.cpSync(folder, path.join(target, inside), {
      recursive: true,
      dereference: true,
      // Its own copies of packages are visited as well.
      filter: (source) => source === folder || path.basename(source) !== 'node_modules',
    })
    const { dependencies = {} } = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    )
    for (const dependency of Object.keys(dependencies)) visit(dependency, folder)
  }
  visit(name, modules)
}

function findPackage(name, from, modules) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const inside = folder === modules ? path.join(modules, name) : undefined
    const own = path.join(folder, 'node_modules', name)
    if (inside !== undefined) return fs.existsSync(inside) ? inside : undefined
    if (fs.existsSync(own)) return own
  }
}

export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  })
  if (result.status === 0) return result
  const why = result.error?.message ?? result.stderr?.trim() ?? ''
  throw new Error(`${command} ${args.join(' ')} failed (${result.status}): ${why}`)
}

function sha256(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex')
}
