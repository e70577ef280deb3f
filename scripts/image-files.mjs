/**
 * Lays out the files of the gateway's image, from dist/ and this machine's Node and libraries. The Dockerfile runs it:
 *
 *   node scripts/image-files.mjs FOLDER
 */
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { copyProgram, run } from './image-archive.mjs'

const root = path.join(import.meta.dirname, '..')
/** As distroless images have it. */
export const nonroot = '65532'

/** What the image has beside the gateway: Node without a shell, the libraries that it loads, names and certificates. */
export function layOutBase(base) {
  const small = path.join(base, 'node-small')
  fs.mkdirSync(base, { recursive: true })
  // Symbols that only a debugger of Node itself reads are a seventh of it. A machine may have no binutils.
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
      copyIfThere(base, path.join(place, library))
  copyIfThere(base, '/etc/ssl/certs/ca-certificates.crt')
  writeOrigins(base)
}

/** Which packages of the system these files are from, where scanners for known holes look, and their licenses. */
function writeOrigins(base) {
  copyIfThere(base, '/etc/os-release')
  if (!fs.existsSync('/usr/bin/dpkg-query')) return
  for (const name of ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates']) {
    write(base, `var/lib/dpkg/status.d/${name}`, run('dpkg-query', ['--status', name]).stdout)
    copyIfThere(base, `/usr/share/doc/${name}/copyright`)
  }
}

export function layOutApp(app) {
  run(process.execPath, [path.join(root, 'scripts', 'stage-app.mjs')])
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
  fs.mkdirSync(path.join(app, 'etc', 'mcp-gateway'), { recursive: true })
}

function copyIfThere(base, file) {
  if (fs.existsSync(file)) write(base, file, fs.readFileSync(file))
}

function write(base, file, content) {
  fs.mkdirSync(path.dirname(path.join(base, file)), { recursive: true })
  fs.writeFileSync(path.join(base, file), content)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2]
  if (folder === undefined) throw new Error('Say into which folder.')
  layOutBase(path.join(folder, 'base'))
  layOutApp(path.join(folder, 'app'))
}
