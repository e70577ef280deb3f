import type { JsonRecord } from '../../src-shared/json-record.ts'
import { shellWords } from './shell-words.ts'

/** A server as `entryOf` takes it, with the name that it goes by; `json`: as a text of its own. */
export type FoundServer =
  { name: string; raw: JsonRecord } | { name: string | undefined; json: string }

const launchers =
  /^(?:npx|npm|pnpm|pnpx|yarn|bunx?|deno|node|tsx|uvx?|uv|pipx|python[\d.]*|docker|podman|go|cargo|java|dotnet|ruby|php|sh|bash)(?:\.exe|\.cmd)?$/

/** The server that a command line starts, or that it adds to another program; undefined if it is none. */
export function serverOfCommand(line: string): FoundServer | undefined {
  const words = shellWords(line.replace(/^\s*[$>#]\s+/, ''))
  if (words[0] === 'env') words.shift()
  const env: Record<string, string> = {}
  while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) assign(env, words.shift() ?? '')
  const [program = '', verb] = words
  if (/^(?:claude|codex|gemini|qwen|cursor-agent)$/.test(program) && verb === 'mcp')
    return addedServer(words.slice(2))
  const added = words.indexOf('--add-mcp')
  if (added > 0) return { name: undefined, json: words[added + 1] ?? '' }
  if (!looksLikeCommand(words)) return undefined
  const [command = '', ...args] = words
  return { name: nameOfCommand(command, args), raw: { command, args, env } }
}

/** Any text is words; only some are a command. */
function looksLikeCommand([command = '', ...args]: readonly string[]): boolean {
  if (launchers.test(command)) return args.length > 0
  if (
    /^(?:\.{0,2}\/|~\/|[A-Za-z]:[\\/])\S/.test(command) ||
    /\.(?:exe|cmd|sh|py|js)$/.test(command)
  )
    return true
  return (
    /^[\w.@+-]+$/.test(command) && (/mcp/i.test(command) || args.some((arg) => /^--?\w/.test(arg)))
  )
}

/** `claude mcp add [options] NAME [--] COMMAND ARGS…`, or NAME URL; `add-json NAME JSON`. */
function addedServer([verb, ...words]: readonly string[]): FoundServer | undefined {
  if (verb === 'add-json') {
    const [name, json] = words.filter(
      (word, at) => !word.startsWith('-') && !/^(?:-s|--scope)$/.test(words[at - 1] ?? ''),
    )
    return { name, json: json ?? '' }
  }
  if (verb !== 'add') return undefined
  const env: Record<string, string> = {}
  const headers: Record<string, string> = {}
  const rest: string[] = []
  let transport = ''
  let url: string | undefined
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--' || (rest.length > 1 && !isUrl(rest[1]))) {
      // What follows is the server's own.
      rest.push(...words.slice(word === '--' ? at + 1 : at))
      break
    }
    const [, option = '', joined] = /^(--?[A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? []
    const value = (): string => joined ?? words[++at] ?? ''
    if (option === '') rest.push(word)
    else if (option === '-e' || option === '--env') {
      assign(env, value())
      // Several may follow one option.
      while (/^[A-Za-z_]\w*=/.test(words[at + 1] ?? '')) assign(env, words[++at] ?? '')
    } else if (option === '-H' || option === '--header') {
      const [, name, text] = /^([^:=]+)[:=]\s*(.*)$/s.exec(value()) ?? []
      if (name !== undefined) headers[name.trim()] = text ?? ''
    } else if (option === '-t' || option === '--transport') transport = value()
    else if (option === '--url') url = value()
    else if (/^(?:-s|--scope|--client-id|--callback-port|--bearer-token-env-var)$/.test(option))
      value()
  }
  const [name, first, ...args] = rest
  const address = url ?? (isUrl(first) ? first : undefined)
  if (name === undefined || (address === undefined && first === undefined)) return undefined
  if (address !== undefined) return { name, raw: { url: address, type: transport, headers } }
  return { name, raw: { command: first, args, env } }
}

function assign(to: Record<string, string>, pair: string): void {
  const at = pair.indexOf('=')
  if (at > 0) to[pair.slice(0, at)] = pair.slice(at + 1)
}

export function isUrl(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\/[^\s/]\S*$/i.test(text)
}

/** `npx -y @modelcontextprotocol/server-filesystem` is called filesystem. */
function nameOfCommand(command: string, args: readonly string[]): string {
  const program =
    command
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.(?:exe|cmd|js|py|sh)$/, '') ?? command
  if (!launchers.test(program)) return shortName(program)
  const isImage = /^(?:docker|podman)$/.test(program)
  const operands = args.filter(
    (arg) =>
      !arg.startsWith('-') && !/^(?:run|exec|dlx|tool|x|jsr|-m)$/.test(arg) && !/^\w+=/.test(arg),
  )
  const likely = isImage
    ? (operands.find((arg) => /^[\w.-]+(?:\/[\w.-]+)+(?::[\w.-]+)?$/.test(arg)) ?? operands.at(-1))
    : (operands.find((arg) => /mcp|server/i.test(arg)) ?? operands[0])
  return shortName(likely ?? program)
}

function shortName(packageName: string): string {
  const last = packageName
    .replace(/^(?:npm|jsr|git\+https?):/, '')
    .replace(/(?<=.)(?:@|==|:)[\w.^~<>=*-]*$/, '')
    .split(/[\\/]/)
    .filter((part) => part !== '')
    .at(-1)
  const name = (last ?? '').replace(/\.(?:js|ts|py|git)$/, '')
  const short = name
    .replace(/^(?:mcp-server-|server-|mcp-)/, '')
    .replace(/-(?:mcp-server|mcp|server)$/, '')
  return short === '' || short === 'mcp' || short === 'server' ? name : short
}

/** `https://mcp.linear.app/sse` is called linear. */
export function nameOfUrl(url: string): string {
  const host = /^https?:\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(url)?.[1]?.toLowerCase() ?? ''
  if (/^[\d.]+$|^localhost$|^\[/.test(host)) return 'local'
  const labels = host.split('.')
  const named = labels.slice(0, -1).filter((label) => !/^(?:mcp|api|www|app|server)$/.test(label))
  return named.at(-1) ?? labels[0] ?? 'remote'
}
