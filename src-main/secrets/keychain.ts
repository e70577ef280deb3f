import fs from 'node:fs'
import path from 'node:path'
import type { AsyncEntry } from '@napi-rs/keyring'
import { GatewayError } from '../../src-shared/errors.ts'

/** Under this name a person finds the secrets in the system's own program for them. */
const secretService = 'open-mcp-gateway'
/** The same for sign-ins, so that no list of secrets has them. */
export const signInService = 'open-mcp-gateway sign-ins'
/** A locked keychain asks the person. */
const answerLimitMs = 60_000

/** There is no keychain here, or it cannot be reached. */
export class NoKeychainError extends GatewayError {
  constructor(why: string, cause?: unknown) {
    super('internal', `There is no keychain here: ${why}`, { cause })
  }
}

/**
 * The keychain of the operating system: Keychain, Credential Manager, Secret Service. Its native module is loaded at the
 * first use. Every method rejects with NoKeychainError, or with GatewayError if the keychain is there and refuses.
 */
export class Keychain {
  readonly #service: string

  /** Default: that of the secrets. */
  constructor(service: typeof secretService | typeof signInService = secretService) {
    this.#service = service
  }

  async get(name: string): Promise<string | undefined> {
    const entry = await entryOf(this.#service, name)
    return (await answered(entry.getPassword())) ?? undefined
  }

  async set(name: string, value: string): Promise<void> {
    const entry = await entryOf(this.#service, name)
    await answered(entry.setPassword(value))
  }

  /** False if there was none. */
  async remove(name: string): Promise<boolean> {
    const entry = await entryOf(this.#service, name)
    return answered(entry.deleteCredential())
  }

  async names(): Promise<string[]> {
    // The search itself does not tell a keychain that is missing from one that refuses.
    await entryOf(this.#service, 'names')
    const { findCredentialsAsync } = await load()
    const found = await answered(findCredentialsAsync(this.#service))
    return found.map(({ account }) => account)
  }
}

async function entryOf(service: string, name: string): Promise<AsyncEntry> {
  const { AsyncEntry } = await load()
  try {
    // Any other store of Linux is lost at the next boot.
    return new AsyncEntry(service, name, { linux: { store: 'secret-service' } })
  } catch (error) {
    throw new NoKeychainError(messageOf(error), error)
  }
}

function load(): Promise<typeof import('@napi-rs/keyring')> {
  if (process.platform === 'linux' && !hasSessionBus())
    return Promise.reject(new NoKeychainError('this process has no session bus.'))
  return import('@napi-rs/keyring').catch((error: unknown) => {
    throw new NoKeychainError(`its module cannot be loaded. ${messageOf(error)}`, error)
  })
}

/** Where a service or a container has none, the module need not be loaded to find that out. */
function hasSessionBus(): boolean {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: dir } = process.env
  if (address !== undefined && address !== '') return true
  const uid = process.getuid?.() ?? 0
  return fs.existsSync(path.join(dir ?? `/run/user/${uid}`, 'bus'))
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  let limit: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    limit = setTimeout(
      () => reject(new Error(`it has not answered within ${answerLimitMs / 1000} seconds`)),
      answerLimitMs,
    )
  })
  try {
    return await Promise.race([answer, tooLong])
  } catch (cause) {
    throw new GatewayError(
      'internal',
      `The keychain refuses: ${messageOf(cause)}. Unlock it, then try again.`,
      { cause },
    )
  } finally {
    clearTimeout(limit)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
