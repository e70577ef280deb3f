import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { copyProgram, run, withFolder, writeImage } from '../../scripts/image-archive.mjs'

/**
 * Stand-ins for the images that the Dockerfile starts from, made of Debian's, npm's and PyPI's packages: for machines
 * that reach these and no container registry. Each holds what the original has, as far as the Dockerfile goes.
 */
const makers: Readonly<Record<string, (name: string, archive: string, tag: string) => void>> = {
  node: writeNode,
  'ghcr.io/astral-sh/uv': writeUv,
}

/** What a machine needs to make them. */
export function whyNoBaseImages(): string | undefined {
  const missing = ['debootstrap', 'apt-get', 'dpkg-deb', 'pip', 'unzip'].filter(
    (program) => spawnSync('which', [program]).status !== 0,
  )
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed`
}

/** The images of others that a Dockerfile names. */
export function baseImages(dockerfile: string): string[] {
  const named = [...dockerfile.matchAll(/^(?:FROM |COPY --from=)(\S+)/gm)].flatMap(
    ([, name]) => name ?? [],
  )
  return [...new Set(named)].filter((name) => name.includes(':'))
}

export function writeBaseImage(name: string, archive: string): void {
  const [, repository = '', tag = ''] = /^(.*):([^:]*)$/.exec(name) ?? []
  const make = makers[repository]
  if (make === undefined) throw new Error(`There is no stand-in for ${name}`)
  make(name, archive, tag)
}

/** Debian as small as it gets, with Node and npm where the original has them. */
function writeNode(name: string, archive: string): void {
  withFolder((folder: string) => {
    const root = path.join(folder, 'root')
    run('debootstrap', ['--variant=minbase', 'bookworm', root])
    // As debian:bookworm-slim does, so that what is installed on top is as large.
    const excluded = ['doc', 'info', 'locale', 'man'].map(
      (part) => `path-exclude /usr/share/${part}/*\n`,
    )
    write(
      path.join(root, 'etc/dpkg/dpkg.cfg.d/docker'),
      `${excluded.join('')}path-include /usr/share/doc/*/copyright\n`,
    )
    write(
      path.join(root, 'etc/apt/apt.conf.d/docker-clean'),
      'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin"; };\n',
    )
    const left = ['info', 'locale', 'man'].map((part) => `usr/share/${part}`)
    for (const part of [...left, 'var/cache/apt', 'var/lib/apt/lists'])
      fs.rmSync(path.join(root, part), { recursive: true, force: true })
    copyProgram(process.execPath, root, '/usr/local/bin/node')
    const modules = path.join(root, 'usr/local/lib/node_modules')
    fs.mkdirSync(modules, { recursive: true })
    run('npm', ['pack', '--silent', 'npm@11'], { cwd: folder })
    const packed = fs.readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? ''
    run('tar', ['-xzf', path.join(folder, packed), '-C', modules, '--no-same-owner'])
    fs.renameSync(path.join(modules, 'package'), path.join(modules, 'npm'))
    for (const program of ['npm', 'npx'])
      fs.symlinkSync(
        `../lib/node_modules/npm/bin/${program}-cli.js`,
        path.join(root, 'usr/local/bin', program),
      )
    const certificates = process.env['NODE_EXTRA_CA_CERTS']
    if (certificates !== undefined) {
      fs.copyFileSync(certificates, path.join(root, machineCertificates))
      write(path.join(root, 'usr/local/etc/npmrc'), `cafile=${machineCertificates}\n`)
    }
    writeImage({
      out: archive,
      name,
      layers: [{ root }],
      config: { Env: [searchPath, 'NODE_VERSION=24'], Cmd: ['node'] },
    })
  })
}

/** Where the image of Node has the certificates that this machine's way to the registries needs. */
export const machineCertificates = '/etc/machine-certificates.crt'

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The programs and nothing else, as the original. */
function writeUv(name: string, archive: string, tag: string): void {
  withFolder((folder: string) => {
    const root = path.join(folder, 'root')
    fs.mkdirSync(root)
    run('pip', ['download', '--quiet', '--no-deps', '--dest', folder, `uv==${tag}.*`])
    const wheel = fs.readdirSync(folder).find((file) => file.endsWith('.whl')) ?? ''
    run('unzip', ['-q', '-j', path.join(folder, wheel), '*/scripts/uv*', '-d', root])
    for (const program of ['uv', 'uvx']) fs.chmodSync(path.join(root, program), 0o755)
    writeImage({ out: archive, name, layers: [{ root }], config: { Env: [searchPath] } })
  })
}

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}
