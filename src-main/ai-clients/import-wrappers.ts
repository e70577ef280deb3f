import { isRecord } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'

/**
 * The entry without what other programs need around a server and we do not: Windows' `cmd /c`, `npx.cmd`, and
 * `mcp-remote` for those that know no URLs. Notes what was altered.
 */
export function unwrapped(entry: JsonRecord, notes: Set<string>): JsonRecord {
  const runtime = entry['runtime']
  if (!isRecord(runtime) || runtime['type'] !== 'local-process') return entry
  const words = withoutCmd([String(runtime['command']), ...plainTexts(runtime['args'])])
  const [command = '', ...args] = words
  const remote = remoteRuntime(command, args, isRecord(entry['env']) ? entry['env'] : {})
  if (remote !== undefined) {
    notes.add(
      'It was reached through mcp-remote, which is not needed here. If it wants you to sign in, do so in the gateway.',
    )
    const { env: _env, env_file: _file, inherit_env: _inherit, ...rest } = entry
    return { ...rest, runtime: remote }
  }
  const plain: JsonRecord = { ...runtime, command }
  if (args.length > 0) plain['args'] = args
  else delete plain['args']
  return { ...entry, runtime: plain }
}

/** `cmd /c npx …` runs what can be run without it; `.cmd` is found by itself. */
function withoutCmd(words: readonly string[]): string[] {
  const [first = '', second = '', third, ...rest] = words
  const isCmd = /^(?:.*[\\/])?cmd(?:\.exe)?$/i.test(first) && /^\/c$/i.test(second)
  const [command = '', ...args] =
    isCmd && third !== undefined && !/[&|<>^%]/.test([third, ...rest].join(' '))
      ? [third, ...rest]
      : words
  return [command.replace(/^(npx|npm|pnpm|yarn|bunx|uvx|uv|node)\.(?:cmd|exe)$/i, '$1'), ...args]
}

const runners = /^(?:npx|bunx|pnpx|pnpm|yarn|npm)$/

/** What `mcp-remote URL …` reaches; undefined where it is another program, or has options that we cannot keep. */
function remoteRuntime(
  command: string,
  args: readonly string[],
  env: JsonRecord,
): JsonRecord | undefined {
  const isProgram = (word: string): boolean =>
    /^(?:.*[\\/])?mcp-remote(?:\.cmd)?(?:@[\w.^~-]+)?$/.test(word)
  let rest: readonly string[] = args
  if (!isProgram(command)) {
    if (!runners.test(command)) return undefined
    const at = args.findIndex(isProgram)
    const before = args.slice(0, at)
    if (at === -1 || !before.every((word) => /^(?:-y|--yes|dlx|exec|x|-q|--quiet|--)$/.test(word)))
      return undefined
    rest = args.slice(at + 1)
  }
  const text = (word: string): string => expanded(word, env)
  const headers: Record<string, string> = {}
  let url: string | undefined
  let isSse = false
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    const value = (): string => rest[++at] ?? ''
    if (url === undefined && /^https?:\/\/|^\$/.test(word)) url = text(word)
    // The port of its sign-in, or what has no meaning without it.
    else if (/^\d+$/.test(word) || /^--(?:allow-http|debug|silent|enable-proxy)$/.test(word))
      continue
    else if (word === '--transport') isSse = value().startsWith('sse')
    else if (word === '--host' || word === '--auth-timeout') value()
    else if (word === '--header') {
      const [, name = '', content = ''] = /^([^:]+):\s*(.*)$/s.exec(value()) ?? []
      if (name === '') return undefined
      headers[name.trim()] = text(content)
    } else return undefined
  }
  if (url === undefined) return undefined
  const type = isSse || /\/sse\/?(?:\?|$)/.test(url) ? 'remote-sse' : 'remote-http'
  return { type, url, ...(Object.keys(headers).length > 0 ? { headers } : {}) }
}

/** It fills in `${X}` itself, from the entry's variables first. */
function expanded(text: string, env: JsonRecord): string {
  return text.replaceAll(/\$?\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    return typeof value === 'string' ? value : `\${${name}}`
  })
}

function plainTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
