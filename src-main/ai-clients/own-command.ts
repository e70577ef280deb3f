import crossSpawn from 'cross-spawn'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientPreview } from '../../src-shared/api-clients.ts'
import { stdioEntry } from './client-entry.ts'
import type { StdioCommand } from './client-entry.ts'
import type { ClientDefinition } from './client-definition.ts'
import { findBinary } from './client-paths.ts'
import type { Machine } from './client-paths.ts'

type Alternative = ClientPreview['alternatives'][number]

/** Programs of others may wait for an answer that nobody gives. */
const commandLimitMs = 20_000

/** Other ways than the file to the same entry: the client's own command, if it is here, and a link that it opens. */
export function alternativesOf(
  client: ClientDefinition,
  name: string,
  given: StdioCommand,
  machine: Machine,
): Alternative[] {
  const ways: Alternative[] = []
  const command = ownCommand(client, 'add', name, given, machine)
  if (command !== undefined)
    ways.push({
      via: 'cli',
      text: command.map(shellWord).join(' '),
      note: `${client.name}'s own command adds the entry.`,
      preferred: client.ownCommand?.preferred === true,
    })
  const link = linkOf(client, name, given)
  if (link !== undefined)
    ways.push({
      via: 'link',
      text: link,
      note: `Opened on this machine, the link makes ${client.name} ask whether to add the entry. The gateway does not know of it, so that you take it out yourself.`,
      preferred: false,
    })
  return ways
}

/** The words of the client's own command; undefined if it has none for this, or is not installed. */
export function ownCommand(
  client: ClientDefinition,
  what: 'add' | 'remove',
  name: string,
  given: StdioCommand,
  machine: Machine,
): string[] | undefined {
  const own = client.ownCommand
  const words = what === 'add' ? own?.add : own?.remove
  if (own === undefined || words === undefined) return undefined
  const binary = findBinary(own.binary, machine)
  if (binary === undefined) return undefined
  const env = Object.entries(given.env).flatMap(([key, value]) =>
    (own.envWords ?? []).map((word) => word.replace('{key}', key).replace('{value}', () => value)),
  )
  return [
    binary,
    ...words.flatMap((word) => {
      if (word === '{args}') return given.args
      if (word === '{env}') return env
      if (word === '{json}') return [jsonOf(client, name, given)]
      return [word.replace('{name}', name).replace('{command}', () => given.command)]
    }),
  ]
}

/** Runs it without a shell and without input. Throws GatewayError with what it said. */
export async function runOwnCommand(
  client: ClientDefinition,
  [binary = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { failure, said } = await new Promise<{ failure: string; said: string }>((resolve) => {
    // Windows' .cmd files are no programs that can be started by themselves.
    const child = crossSpawn(binary, args, {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    let said = ''
    const hear = (text: Buffer): void => void (said = (said + text.toString('utf8')).slice(-2000))
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    const limit = setTimeout(() => child.kill('SIGKILL'), commandLimitMs)
    const end = (failure: string): void => {
      clearTimeout(limit)
      resolve({ failure, said: said.trim().slice(0, 500) })
    }
    child.on('error', (error) => end(error.message))
    child.on('close', (code, signal) =>
      end(
        code === 0
          ? ''
          : signal === null
            ? `exit code ${code}`
            : `ended after ${commandLimitMs / 1000} seconds`,
      ),
    )
  })
  if (failure === '') return
  throw new GatewayError(
    'conflict',
    `${client.name}'s own command failed: ${said === '' ? `${failure}.` : said} Connect it by its file instead.`,
  )
}

function linkOf(client: ClientDefinition, name: string, given: StdioCommand): string | undefined {
  const { link } = client
  if (link === undefined) return undefined
  const json = jsonOf(client, name, given, link.encoding === 'url-json-with-name')
  const config =
    link.encoding === 'base64-json'
      ? encodeURIComponent(Buffer.from(json, 'utf8').toString('base64'))
      : encodeURIComponent(json)
  return link.template
    .replace('{name}', () => encodeURIComponent(name))
    .replace('{config}', () => config)
}

/** VS Code's ways want the name among the entry's own keys. */
function jsonOf(
  client: ClientDefinition,
  name: string,
  given: StdioCommand,
  isNamed = client.ownCommand?.add.includes('--add-mcp') === true,
): string {
  const entry = stdioEntry(client.shape, name, given)
  return JSON.stringify(isNamed ? { name, ...entry } : entry)
}

/** For a person to copy: quoted for the shells of Linux and macOS. */
function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
