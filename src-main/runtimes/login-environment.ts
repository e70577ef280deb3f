import fs from 'node:fs'
import path from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { Environment } from './child-environment.ts'
import { loginShell, readLoginEnvironment } from './login-shell.ts'

const shellTimeoutMs = 5000

export interface LoginEnvironmentOptions {
  env: Environment
  platform: NodeJS.Platform
  log: Log
  clock: Clock
  /** Reads the login shell's environment; for tests. Rejects when it cannot. */
  readShell?: () => Promise<Record<string, string>>
}

/** Where a command was found, and the PATH that its process gets. */
export interface ResolvedCommand {
  file: string
  path: string
}

/**
 * The environment that commands and `${VAR}` are looked up in: the gateway's own, and what the user's login
 * shell would add, since an app or a service starts without it. The shell is run once, and only if needed.
 */
export class LoginEnvironment {
  readonly platform: NodeJS.Platform
  readonly #env: Environment
  readonly #log: Log
  readonly #clock: Clock
  readonly #readShell: () => Promise<Record<string, string>>
  #login: Environment | undefined
  #loading: Promise<void> | undefined

  constructor(options: LoginEnvironmentOptions) {
    this.#env = options.env
    this.platform = options.platform
    this.#log = options.log
    this.#clock = options.clock
    this.#readShell =
      options.readShell ??
      (() => readLoginEnvironment(loginShell(this.#env), this.#env, shellTimeoutMs))
  }

  /** The process environment's value, else the login shell's if `load` has been done. */
  lookup(name: string): string | undefined {
    return own(this.#env, name, this.platform) ?? own(this.#login ?? {}, name, this.platform)
  }

  /** Runs the login shell, at most 5 s, once. Never rejects: without it the process environment serves alone. */
  load(): Promise<void> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  /** All variables known by now; the process's win. */
  all(): Environment {
    return { ...this.#login, ...this.#env }
  }

  /** The PATH for children; asks the login shell first unless the gateway was started from a terminal. */
  async path(): Promise<string> {
    if (!this.#isFromTerminal) await this.load()
    return this.#joinedPath()
  }

  /**
   * Finds the program for `command`: an absolute path; one with a slash, from `cwd` and then `baseDir`; or a name
   * in `searchPath` (else in PATH, the login shell's included). Throws `server_failed` for `serverId` that says
   * where it looked; the folders are in the cause.
   */
  async resolveCommand(
    command: string,
    where: { serverId: string; cwd: string; baseDir: string; searchPath?: string | undefined },
  ): Promise<ResolvedCommand> {
    let searched = where.searchPath ?? (await this.path())
    const isPath =
      path.isAbsolute(command) || /[/]/.test(command) || (this.#isWindows && command.includes('\\'))
    if (isPath) {
      const candidates = [
        ...new Set([where.cwd, where.baseDir].map((dir) => path.resolve(dir, command))),
      ]
      const file = this.#firstExecutable(candidates)
      if (file !== undefined) return { file, path: searched }
      throw this.#notFound(command, where.serverId, candidates)
    }
    let file = this.#find(command, searched)
    if (file === undefined && where.searchPath === undefined) {
      await this.load()
      searched = this.#joinedPath()
      file = this.#find(command, searched)
    }
    if (file !== undefined) return { file, path: searched }
    throw this.#notInPath(command, where.serverId, searched)
  }

  get #isWindows(): boolean {
    return this.platform === 'win32'
  }

  /** A terminal's shell has done its work already. SHLVL alone also comes from a desktop session's start script. */
  get #isFromTerminal(): boolean {
    if (this.#isWindows) return true
    return this.#env['SHLVL'] !== undefined && this.#env['TERM'] !== undefined
  }

  async #load(): Promise<void> {
    if (this.#isWindows) return
    const startedAt = this.#clock.now()
    try {
      this.#login = await this.#readShell()
      const ms = Math.round(this.#clock.now() - startedAt)
      this.#log.debug({ ms }, 'read the environment of the login shell')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.warn(
        { reason },
        'The environment of the login shell could not be read; the gateway uses its own. ' +
          'Commands that only your terminal finds need an absolute path.',
      )
    }
  }

  /**
   * Both PATHs in one. An app on a desktop has a PATH nobody chose, so what the user has in the terminal (nvm,
   * Homebrew, pyenv) comes first; a service or container has one that somebody wrote down, so that comes first.
   */
  #joinedPath(): string {
    const process = this.#folders(own(this.#env, 'PATH', this.platform))
    const login = this.#folders(this.#login?.['PATH'])
    const loginFirst = !this.#isFromTerminal && (this.#isOnDesktop || process.every(isSystemFolder))
    const folders = loginFirst ? [...login, ...process] : [...process, ...login]
    return [...new Set(folders)].join(this.#isWindows ? ';' : ':')
  }

  get #isOnDesktop(): boolean {
    if (this.platform === 'darwin') return false // there, launchd's bare PATH tells
    return this.#env['DISPLAY'] !== undefined || this.#env['WAYLAND_DISPLAY'] !== undefined
  }

  #folders(value: string | undefined): string[] {
    return (value ?? '').split(this.#isWindows ? ';' : ':').filter((folder) => folder !== '')
  }

  #find(command: string, searched: string): string | undefined {
    return this.#firstExecutable(
      this.#folders(searched).map((folder) => path.join(folder, command)),
    )
  }

  #firstExecutable(files: readonly string[]): string | undefined {
    return files.flatMap((file) => this.#withExtensions(file)).find((file) => isExecutable(file))
  }

  /** On Windows `npx` is `npx.cmd`: a name without a known extension is tried with each of PATHEXT. */
  #withExtensions(file: string): string[] {
    if (!this.#isWindows) return [file]
    const pathext = own(this.#env, 'PATHEXT', this.platform) ?? '.COM;.EXE;.BAT;.CMD'
    const extensions = pathext.split(';').filter((extension) => extension !== '')
    const has = extensions.some((known) => file.toLowerCase().endsWith(known.toLowerCase()))
    return has ? [file] : extensions.map((extension) => file + extension)
  }

  #notFound(command: string, serverId: string, candidates: readonly string[]): GatewayError {
    const there = candidates.find((file) => fs.existsSync(file))
    if (there !== undefined) return notExecutable(command, serverId, there)
    const looked = candidates.join(' and ')
    const detail = path.isAbsolute(command) ? '' : ` (looked for ${looked})`
    return failed(
      serverId,
      `The command \`${command}\` does not exist${detail}. Install it, or correct the path.`,
      `Looked for: ${looked}`,
    )
  }

  #notInPath(command: string, serverId: string, searched: string): GatewayError {
    const folders = this.#folders(searched)
    const there = folders
      .map((folder) => path.join(folder, command))
      .find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile())
    if (there !== undefined) return notExecutable(command, serverId, there)
    const whose = this.#login === undefined ? '' : 'login shell: '
    const count = folders.length === 1 ? '1 folder' : `${folders.length} folders`
    return failed(
      serverId,
      `The command \`${command}\` was not found in PATH (${whose}${count} searched). ` +
        'Install it, or set an absolute path.',
      `Folders searched: ${folders.join(', ')}`,
    )
  }
}

/** "x did not start. Why. What to do.", with more for the log in the cause. */
export function failed(serverId: string, whyAndWhat: string, cause: unknown): GatewayError {
  return new GatewayError('server_failed', `${serverId} did not start. ${whyAndWhat}`, {
    cause: typeof cause === 'string' ? new Error(cause) : cause,
  })
}

function notExecutable(command: string, serverId: string, file: string): GatewayError {
  const isFolder = fs.statSync(file).isDirectory()
  return failed(
    serverId,
    isFolder
      ? `The command \`${command}\` is a folder (${file}). Name the program in it.`
      : `The command \`${command}\` was found (${file}) but is not executable. ` +
          `Run \`chmod +x ${file}\`, or set the program that runs it as the command.`,
    `Found, but not executable: ${file}`,
  )
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

/** On Windows the environment does not care for case: `PATH` is written `Path`. */
function own(env: Environment, name: string, platform: NodeJS.Platform): string | undefined {
  if (Object.hasOwn(env, name)) return env[name]
  if (platform !== 'win32') return undefined
  const found = Object.keys(env).find((key) => key.toUpperCase() === name.toUpperCase())
  return found === undefined ? undefined : env[found]
}

const systemFolders =
  /^(\/usr(\/local)?)?\/s?bin$|^\/usr(\/local)?\/games$|^\/snap\/bin$|^\/Library\/Apple\/usr\/bin$|^\/System\//

function isSystemFolder(folder: string): boolean {
  return systemFolders.test(folder)
}
