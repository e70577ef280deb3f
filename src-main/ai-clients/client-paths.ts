import fs from 'node:fs'
import os from 'node:os'
import type { PlatformPath } from 'node:path'
import path from 'node:path'
import type {
  ClientDefinition,
  FileCandidate,
  PathTemplate,
  Signals,
  System,
} from './client-definition.ts'

/** The machine as seen by the table; a test has one of its own. */
export interface Machine {
  system: System
  homedir: string
  env: Readonly<Record<string, string | undefined>>
}

/** This process's user. */
export function thisMachine(): Machine {
  const { platform } = process
  const system = platform === 'darwin' || platform === 'win32' ? platform : 'linux'
  return { system, homedir: os.homedir(), env: process.env }
}

/** Which of its files a client reads here. */
export interface FileChoice {
  /** Undefined: it does not run on this system, or only a person can say (`choices`). */
  file: string | undefined
  exists: boolean
  choices: string[]
  /** Every file of its own on this system, read or not. */
  candidates: string[]
}

/** Stats files and lists folders; reads nothing. */
export function chooseFile(client: ClientDefinition, machine: Machine): FileChoice {
  const none: FileChoice = { file: undefined, exists: false, choices: [], candidates: [] }
  const found = candidatesOf(client, machine).flatMap((candidate) => {
    const matches = expandGlob(expandPath(candidate.path, machine), machine)
    return matches.length === 0 ? [] : [{ candidate, matches }]
  })
  const candidates = found.flatMap(({ matches }) => matches)
  const read = found.filter(
    ({ candidate: { unlessFolder } }) =>
      unlessFolder === undefined || !isFolder(expandPath(unlessFolder, machine)),
  )
  for (const { matches } of read) {
    const existing = matches.filter(exists)
    if (existing.length > 1) return { ...none, choices: existing, candidates }
    if (existing[0] !== undefined)
      return { file: existing[0], exists: true, choices: [], candidates }
  }
  const made = read.filter(({ candidate }) => candidate.existingOnly !== true)
  for (const { matches } of made) {
    const inFolder = matches.filter((file) => isFolder(pathOf(machine).dirname(file)))
    if (inFolder.length > 1) return { ...none, choices: inFolder, candidates }
    if (inFolder[0] !== undefined)
      return { file: inFolder[0], exists: false, choices: [], candidates }
  }
  return { ...none, file: made[0]?.matches[0], candidates }
}

/** The project's file that a client reads; undefined if it has none. `project` is absolute. */
export function projectFile(client: ClientDefinition, project: string): string | undefined {
  const files = client.projectFiles?.map((file) => path.join(project, file)) ?? []
  return files.find(exists) ?? files[0]
}

/** What of it is on this machine, as paths; empty if nothing is. */
export function signsOf(client: ClientDefinition, machine: Machine, file?: string): string[] {
  const { paths = [], apps = [], binaries = [] }: Signals = client.signals
  const own = [
    ...(file === undefined ? [] : [file]),
    ...paths.map((one) => expandPath(one, machine)),
  ]
  const signs = own.filter(exists)
  if (machine.system === 'darwin')
    for (const app of apps)
      signs.push(
        ...['/Applications', path.join(machine.homedir, 'Applications')]
          .map((folder) => path.join(folder, app))
          .filter(exists),
      )
  for (const name of binaries) {
    const binary = findBinary(name, machine)
    if (binary !== undefined) signs.push(binary)
  }
  return [...new Set(signs)]
}

/** A program by its name, in PATH and where programs are installed that a window's PATH does not have. */
export function findBinary(name: string, machine: Machine): string | undefined {
  const { env, system, homedir } = machine
  const of = pathOf(machine)
  const usual =
    system === 'win32'
      ? [
          of.join(homedir, '.local', 'bin'),
          ...(env['APPDATA'] ? [of.join(env['APPDATA'], 'npm')] : []),
        ]
      : ['/usr/local/bin', '/opt/homebrew/bin', of.join(homedir, '.local', 'bin')]
  const folders = [...(env['PATH'] ?? env['Path'] ?? '').split(of.delimiter), ...usual]
  const names = system === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  for (const folder of folders) {
    if (!of.isAbsolute(folder)) continue
    for (const one of names) {
      const file = of.join(folder, one)
      if (isProgram(file, system)) return file
    }
  }
  return undefined
}

/** The path that a template stands for here. */
function expandPath(template: PathTemplate, machine: Machine): string {
  const { homedir, env, system } = machine
  const of = pathOf(machine)
  const folder = (name: string, fallback: string): string => {
    const value = env[name]
    // The XDG specification wants relative paths to be ignored; of others nobody could say what they mean.
    return value !== undefined && of.isAbsolute(value) ? value : fallback
  }
  const xdg = folder('XDG_CONFIG_HOME', of.join(homedir, '.config'))
  const bases: Record<string, string> = {
    xdg,
    appdata:
      system === 'win32'
        ? folder('APPDATA', of.join(homedir, 'AppData', 'Roaming'))
        : system === 'darwin'
          ? of.join(homedir, 'Library', 'Application Support')
          : xdg,
    localappdata: folder('LOCALAPPDATA', of.join(homedir, 'AppData', 'Local')),
  }
  const expanded = template.replace(
    /^\{([^}|]+)(?:\|([^}]*))?\}/,
    (_, name: string, other?: string) =>
      other === undefined ? (bases[name] ?? '') : folder(name, other),
  )
  return of.normalize(expanded.replace(/^~(?=\/|$)/, () => homedir))
}

function candidatesOf(client: ClientDefinition, machine: Machine): FileCandidate[] {
  const files = isForAll(client.files) ? client.files : (client.files[machine.system] ?? [])
  return files.map((one) => (typeof one === 'string' ? { path: one } : one))
}

function isForAll(files: ClientDefinition['files']): files is readonly (string | FileCandidate)[] {
  return Array.isArray(files)
}

/** A path without `*` as it is; with one, what there is. */
function expandGlob(file: string, machine: Machine): string[] {
  const of = pathOf(machine)
  const parts = file.split(of.sep)
  const at = parts.findIndex((part) => part.includes('*'))
  if (at === -1) return [file]
  const parent = parts.slice(0, at).join(of.sep)
  const [before = '', after = ''] = parts[at]?.split('*') ?? []
  return listFolder(parent)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => of.join(parent, name, ...parts.slice(at + 1)))
    .filter((one) => isFolder(of.dirname(one)))
}

/** A test looks at Windows' rules on another system. */
function pathOf({ system }: Machine): PlatformPath {
  if (process.platform !== 'win32') return path.posix
  return system === 'win32' ? path.win32 : path.posix
}

function listFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder).toSorted()
  } catch {
    return []
  }
}

function exists(file: string): boolean {
  try {
    // A link to nowhere is there as well: what is written goes through it.
    return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function isFolder(file: string): boolean {
  try {
    return fs.statSync(file).isDirectory()
  } catch {
    return false
  }
}

function isProgram(file: string, system: System): boolean {
  try {
    const found = fs.statSync(file)
    return found.isFile() && (system === 'win32' || (found.mode & 0o111) !== 0)
  } catch {
    return false
  }
}
