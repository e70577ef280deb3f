/** What is known of one AI client, as data: where its file is, what it looks like, and how we know. */
export interface ClientDefinition {
  /** Stays the same for ever: entries that we wrote name it (`--client ID`). */
  id: string
  name: string
  /** The files that it reads, in order; a missing system is one that it does not run on. */
  files: FilesBySystem
  format: 'jsonc' | 'toml' | 'yaml'
  container: Container
  shape: EntryShape
  /** Another form of the same file, used where its container is a map already. */
  otherLayout?: { container: Container; shape: EntryShape }
  /** Relative to a project's folder, in order; one that exists is taken, else the first. */
  projectFiles?: readonly string[]
  /** Where the project's file differs from the user's. */
  projectShape?: EntryShape
  signals: Signals
  /** What a person does before it sees a change; undefined if it sees it by itself. */
  restart?: string
  /** How it reads `$` in its entries; undefined: as most do, `${X}` and `${env:X}` are variables. */
  variables?: 'dollar' | 'literal'
  /** Where it keeps servers of single projects in its own file: a map by the projects' folders, each with this key. */
  projectEntries?: { path: readonly string[]; key: string }
  /** Tools past this number it cuts off or refuses. */
  toolLimit?: number
  /** Variables of this system that its servers need and do not get unless the entry passes them. */
  passEnv?: Partial<Record<System, readonly string[]>>
  ownCommand?: OwnCommand
  link?: DeepLink
  /** Why it can be read but not written. */
  readOnly?: string
  /** Short tags of where the facts come from, and when they were looked up. */
  source: string
  /** What a person should know, conflicts among sources included. */
  notes?: readonly string[]
}

export type System = 'darwin' | 'linux' | 'win32'

/**
 * Paths begin with `~`, `{appdata}` (Application Support, `$XDG_CONFIG_HOME`, `%APPDATA%`), `{xdg}` (`$XDG_CONFIG_HOME`
 * or ~/.config, on every system), `{localappdata}`, or `{NAME|default}` for an environment variable. Slashes on every
 * system; `*` stands for part of one folder's name.
 */
export type PathTemplate = string

export interface FileCandidate {
  path: PathTemplate
  /** Read where it exists, but never made. */
  existingOnly?: boolean
  /** Not read by the versions that have this folder. */
  unlessFolder?: PathTemplate
}

export type FilesBySystem =
  | readonly (PathTemplate | FileCandidate)[]
  | Partial<Record<System, readonly (PathTemplate | FileCandidate)[]>>

/** `path`: keys from the root; a key may hold dots. `list`: entries know their name by their own key `name`. */
export interface Container {
  path: readonly string[]
  kind: 'map' | 'list'
}

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface EntryShape {
  stdio: {
    /** Keys that come first: a type, say. */
    before?: Readonly<Record<string, Json>>
    command: string
    /** Undefined: the command's key holds the arguments as well. */
    args?: string
    env: string
    /** An empty map of variables is written, too. */
    envAlways?: boolean
    after?: Readonly<Record<string, Json>>
  }
  /** Undefined: it speaks to local processes alone. */
  http?: {
    before?: Readonly<Record<string, Json>>
    url: string
    headers: string
    after?: Readonly<Record<string, Json>>
  }
  /** The entry holds its own name in the key `name`. */
  named?: boolean
  /** What an entry has that is switched off. */
  disabled?: { key: string; value: boolean }
}

/** What tells that it is on this machine; looked at, never read. */
export interface Signals {
  paths?: readonly PathTemplate[]
  /** Bundles in /Applications and ~/Applications. */
  apps?: readonly string[]
  /** Looked for in PATH and where such programs are installed. Not names that other programs have, too. */
  binaries?: readonly string[]
}

/** The client's own command line, with which it adds a server itself. Arguments are words, never a shell's text. */
export interface OwnCommand {
  binary: string
  /** Words of adding a local server; `{name}`, `{command}`, `{args}`, `{env}` and `{json}` are filled in. */
  add: readonly string[]
  /** One word or several for each variable; `{key}`, `{value}`. */
  envWords?: readonly string[]
  remove?: readonly string[]
  /** Its file is rewritten while it runs, so that this way is the better one. */
  preferred?: boolean
}

/** `{name}` and `{config}`; `{config}` is the entry as said by `encoding`. */
export interface DeepLink {
  template: string
  encoding: 'base64-json' | 'url-json-with-name'
}
