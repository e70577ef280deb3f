import path from 'node:path'
import { z } from 'zod'
import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { System } from './client-definition.ts'

const textMap = z.record(z.string(), z.string())
const launch = z.object({
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  env: textMap.optional(),
})
const scalar = z.union([z.string(), z.number(), z.boolean()])
const option = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  required: z.boolean().optional(),
  sensitive: z.boolean().optional(),
  default: z.union([scalar, z.array(z.string())]).optional(),
})

/** As much of an MCP bundle's manifest as says how it is started (MANIFEST.md 0.1 to 0.4, and dxt before). */
const manifest = z.object({
  name: z.string().min(1),
  display_name: z.string().optional(),
  version: z.string().default('0'),
  description: z.string().optional(),
  server: z.object({
    type: z.enum(['node', 'python', 'binary', 'uv']),
    entry_point: z.string().optional(),
    mcp_config: launch
      .extend({ platform_overrides: z.record(z.string(), launch).optional() })
      .optional(),
  }),
  user_config: z.record(z.string(), option).optional(),
  compatibility: z.object({ platforms: z.array(z.string()).optional() }).optional(),
})

export type Manifest = z.output<typeof manifest>
type UserOption = z.output<typeof option>

/** Whether a parsed JSON file is a bundle's manifest, valid or not. */
export function isManifest(value: unknown): boolean {
  return (
    isRecord(value) &&
    isRecord(value['server']) &&
    (value['manifest_version'] !== undefined || value['dxt_version'] !== undefined)
  )
}

/** Throws GatewayError `bad_request` with the field that is wrong. */
export function parseManifest(value: unknown): Manifest {
  const parsed = manifest.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new GatewayError(
    'bad_request',
    `The bundle's manifest.json is not valid: ${issue?.path.map(String).join('.')}: ${issue?.message}.`,
  )
}

interface Place {
  homedir: string
  system: System
}

/** The server that a bundle brings, as it is started from the folder that it is unpacked in. Throws GatewayError. */
export function bundleServer(
  value: unknown,
  folder: string,
  { homedir, system }: Place,
): { name: string; raw: JsonRecord; notes: string[] } {
  const { name, display_name, description, server, user_config, compatibility } =
    parseManifest(value)
  const platforms = compatibility?.platforms
  if (platforms !== undefined && !platforms.includes(system))
    throw new GatewayError(
      'conflict',
      `The bundle '${name}' is for ${platforms.join(', ')} alone, and this is ${system}.`,
    )
  const { command, args, env } = launchOf(server, system)
  const notes = new Set<string>()
  const options = new UserOptions(name, user_config ?? {}, homedir, notes)
  const filled = (text: string): string =>
    text.replaceAll(/\$\{([^{}]+)\}/g, (all, inside: string) => {
      const key = /^user_config\.(.+)$/.exec(inside)?.[1]
      if (key !== undefined) return options.template(key)
      return folderOf(inside, folder, homedir) ?? all
    })
  const words = args.flatMap((arg) => {
    const key = /^\$\{user_config\.([^{}]+)\}$/.exec(arg)?.[1]
    return (key === undefined ? undefined : options.list(key)) ?? [filled(arg)]
  })
  const isOwnFile = /[\\/]/.test(command) || server.type === 'binary'
  const program = filled(command)
  const raw: JsonRecord = {
    command: isOwnFile && !program.startsWith('$') ? ownProgram(folder, program, system) : program,
    args: words,
    env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, filled(text)])),
    cwd: folder,
    ...(display_name === undefined ? {} : { title: display_name }),
    ...(description === undefined ? {} : { description }),
  }
  return { name, raw, notes: [...notes] }
}

function ownProgram(folder: string, program: string, system: System): string {
  const file = path.resolve(folder, program)
  return system === 'win32' && path.extname(file) === '' ? `${file}.exe` : file
}

function launchOf(server: Manifest['server'], system: System) {
  const { type, entry_point, mcp_config } = server
  const { platform_overrides, ...plain } = mcp_config ?? {}
  const own = platform_overrides?.[system] ?? {}
  const command = own.command ?? plain.command
  const started = command === undefined ? defaultLaunch(type, entry_point) : { command, args: [] }
  return {
    command: started.command,
    args: own.args ?? plain.args ?? started.args,
    env: { ...plain.env, ...own.env },
  }
}

function defaultLaunch(
  type: Manifest['server']['type'],
  entry: string | undefined,
): { command: string; args: string[] } {
  if (entry === undefined)
    throw new GatewayError(
      'bad_request',
      "The bundle's manifest.json names no command and no entry_point.",
    )
  const file = `\${__dirname}/${entry}`
  if (type === 'node') return { command: 'node', args: [file] }
  if (type === 'python') return { command: 'python3', args: [file] }
  if (type === 'uv') return { command: 'uv', args: ['run', '--directory', '${__dirname}', file] }
  return { command: file, args: [] }
}

function folderOf(name: string, folder: string, homedir: string): string | undefined {
  if (name === '__dirname') return folder
  if (name === 'HOME') return homedir
  if (name === 'pathSeparator' || name === '/') return path.sep
  const own = { DESKTOP: 'Desktop', DOCUMENTS: 'Documents', DOWNLOADS: 'Downloads' }[name]
  return own === undefined ? undefined : path.join(homedir, own)
}

/** What a bundle asks its user for, as variables and secrets. */
class UserOptions {
  readonly #server: string
  readonly #options: Record<string, UserOption>
  readonly #homedir: string
  readonly #notes: Set<string>

  constructor(
    server: string,
    options: Record<string, UserOption>,
    homedir: string,
    notes: Set<string>,
  ) {
    this.#server = server
    this.#options = options
    this.#homedir = homedir
    this.#notes = notes
  }

  template(key: string): string {
    const { title, sensitive, required, default: fallback } = this.#options[key] ?? {}
    const name = `${this.#server}_${key}`.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase()
    const about = title ?? key
    if (sensitive === true) {
      this.#notes.add(
        `${about}: set the secret ${name} (in Settings, or by gateway secrets set ${name})`,
      )
      // What need not be given may be empty.
      return required === true ? `\${secret:${name}}` : `\${secret:${name}:-}`
    }
    const known = fallback === undefined ? undefined : this.#plain([fallback].flat().join(','))
    const isFilled = known !== undefined && !known.includes('}')
    this.#notes.add(
      isFilled
        ? `${about} is ${known}, unless the variable ${name} is set.`
        : `${about}: set the variable ${name} in your environment, or write the value into the entry.`,
    )
    if (isFilled) return `\${${variable(name)}:-${known}}`
    return required === true ? `\${${variable(name)}}` : `\${${variable(name)}:-}`
  }

  /** Several values, each an argument of its own; undefined for an option of one value. */
  list(key: string): string[] | undefined {
    const fallback = this.#options[key]?.default
    if (!Array.isArray(fallback)) return undefined
    this.#notes.add(`${this.#options[key]?.title ?? key}: change the arguments in the entry.`)
    return fallback.map((text) => this.#plain(text))
  }

  #plain(text: string): string {
    return text.replaceAll(
      /\$\{([^{}]+)\}/g,
      (all, inside: string) => folderOf(inside, '', this.#homedir) ?? all,
    )
  }
}

function variable(name: string): string {
  return /^[A-Z_]/.test(name) ? name : `_${name}`
}
