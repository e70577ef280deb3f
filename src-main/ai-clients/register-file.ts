import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { ClientLimits } from '../../src-shared/client-access.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'

/** A client as it is kept. Times: ISO 8601. */
export interface RegisteredClient {
  id: string
  name: string
  /** When it was given access; null if it only has limits. */
  created: string | null
  last_seen: string | null
  revoked: string | null
  /** Hexadecimal; also of a token that was revoked, so that its holder is told. */
  token_sha256: string | null
  limits: ClientLimits | null
}

const version = 1

/**
 * Every client in the file; none if there is no file. By hand, since it is read at every start and the schemas are not
 * loaded for it. Throws GatewayError for a file that is not as it was written: it says who may not do what.
 */
export function readRegister(file: string): RegisteredClient[] {
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw unusable(file, error)
  }
  try {
    const whole: unknown = JSON.parse(text)
    if (!isRecord(whole) || whole['version'] !== version || !Array.isArray(whole['clients']))
      throw new Error(`it is no list of clients of version ${version}`)
    return whole['clients'].map((each: unknown) => {
      if (!isRecord(each)) throw new Error('a client in it is no object')
      return {
        id: textIn(each, 'id'),
        name: textIn(each, 'name'),
        created: textOrNull(each, 'created'),
        last_seen: textOrNull(each, 'last_seen'),
        revoked: textOrNull(each, 'revoked'),
        token_sha256: textOrNull(each, 'token_sha256'),
        limits: limitsIn(each['limits']),
      }
    })
  } catch (error) {
    throw unusable(file, error)
  }
}

/** Whole or not at all, for its owner alone; `flush`: it is on the disk before this returns. Throws GatewayError. */
export function writeRegister(
  file: string,
  clients: readonly RegisteredClient[],
  flush: boolean,
): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const text = `${JSON.stringify({ version, clients }, undefined, 2)}\n`
    fs.writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush })
    fs.renameSync(draft, file)
  } catch (cause) {
    fs.rmSync(draft, { force: true })
    throw new GatewayError(
      'internal',
      `The clients of the gateway cannot be written to ${file}: ${messageOf(cause)}.`,
      { cause },
    )
  }
}

function textIn(client: Record<string, unknown>, name: string): string {
  const value = client[name]
  if (typeof value === 'string') return value
  throw new Error(`${name} of a client in it is no text`)
}

function textOrNull(client: Record<string, unknown>, name: string): string | null {
  return client[name] === null ? null : textIn(client, name)
}

function limitsIn(value: unknown): ClientLimits | null {
  if (value === null) return null
  if (!isRecord(value)) throw new Error('limits of a client in it are no object')
  const { servers, tools } = value
  return {
    ...(servers === undefined ? {} : { servers: textsIn(servers) }),
    ...(isRecord(tools)
      ? { tools: { allow: textsIn(tools['allow']), deny: textsIn(tools['deny']) } }
      : {}),
    ...(tools === undefined || isRecord(tools) ? {} : { tools: textsOnly() }),
  }
}

function textsIn(value: unknown): string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  return textsOnly()
}

function textsOnly(): never {
  throw new Error('limits of a client in it are no lists of texts')
}

function unusable(file: string, cause: unknown): GatewayError {
  return new GatewayError(
    'internal',
    `The clients of the gateway cannot be read from ${file}: ${messageOf(cause)}. The gateway does not start without ` +
      'knowing what each client may do: put the file right, or delete it and connect the clients again.',
    { cause },
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
