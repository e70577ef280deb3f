import fs from 'node:fs'
import path from 'node:path'
import { NtExecutable, NtExecutableResource, Resource } from 'resedit'

/**
 * Folders in the place of the Electron binary, which tests never download: no more than electron-builder works on.
 * Each executable holds a fuse wire, set as Electron ships it.
 */
const fuseWire = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 8]), // version, number of fuses
  Buffer.from('10110101'),
])

const standIn = path.join(import.meta.dirname, '..', 'support', 'electron-stand-in', 'electron')

/** For Linux, the one that can be started: the stand-in, which finds the packaged app beside its own path. */
export function linuxDist(folder: string): void {
  const script = [
    '#!/bin/sh',
    'ELECTRON_STAND_IN_EXECUTABLE=$(readlink -f -- "$0")',
    'export ELECTRON_STAND_IN_EXECUTABLE',
    `exec '${standIn}' "$@"`,
    '# ',
  ].join('\n')
  write(path.join(folder, 'electron'), Buffer.concat([Buffer.from(script), fuseWire]), 0o755)
  writeLocales(path.join(folder, 'locales'), '.pak')
}

/** For Windows: a real executable as far as its resources go, with nothing to run. */
export function windowsDist(folder: string): void {
  const executable = NtExecutable.createEmpty(false, false)
  const resources = NtExecutableResource.from(executable)
  const about = Resource.VersionInfo.createEmpty()
  about.setStringValues({ lang: 1033, codepage: 1200 }, { ProductName: 'Electron' })
  about.outputToResourceEntries(resources.entries)
  resources.outputResource(executable)
  const bytes = Buffer.concat([Buffer.from(executable.generate()), fuseWire])
  write(path.join(folder, 'electron.exe'), bytes)
  writeLocales(path.join(folder, 'locales'), '.pak')
}

/** For macOS: the bundle with its helpers. */
export function macDist(folder: string): void {
  const contents = path.join(folder, 'Electron.app', 'Contents')
  const frameworks = path.join(contents, 'Frameworks')
  writeBundle(contents, 'Electron')
  for (const helper of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${helper}`
    writeBundle(path.join(frameworks, `${name}.app`, 'Contents'), name)
  }
  const framework = path.join(frameworks, 'Electron Framework.framework')
  write(path.join(framework, 'Electron Framework'), fuseWire)
  for (const resources of [contents, path.join(framework, 'Versions', 'A')])
    for (const language of ['de', 'en'])
      write(path.join(resources, 'Resources', `${language}.lproj`, 'locale.pak'), '')
}

function writeBundle(contents: string, name: string): void {
  const plist = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>CFBundleExecutable</key><string>${name}</string></dict></plist>
`
  write(path.join(contents, 'Info.plist'), plist)
  write(path.join(contents, 'MacOS', name), '', 0o755)
}

function writeLocales(folder: string, extension: string): void {
  for (const locale of ['de', 'en-US']) write(path.join(folder, `${locale}${extension}`), '')
}

function write(file: string, data: string | Buffer, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, data, { mode })
}
