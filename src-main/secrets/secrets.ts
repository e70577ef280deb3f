import { GatewayError } from '../../src-shared/errors.ts'
import { maxSecretLength, secretNamePattern } from '../../src-shared/secret-notation.ts'
import type { Keychain } from './keychain.ts'
import { NoKeychainError } from './keychain.ts'
import { SecretFile } from './secret-file.ts'
import type { SecretStore, StoredSecret } from './secret-store.ts'

interface Options {
  stateDir: string
  /** Default: `secrets`. */
  file?: 'secrets' | 'sign-in-tokens'
  /** Undefined: the file alone is used. */
  keychain: Keychain | undefined
}

/**
 * The keychain where there is one, else the encrypted file. What cannot be put into the keychain goes into the file,
 * which is therefore looked at first: what is in it is never older than what is in the keychain.
 */
export class Secrets implements SecretStore {
  readonly #keychain: Keychain | undefined
  readonly #file: SecretFile

  constructor({ stateDir, keychain, file }: Options) {
    this.#keychain = keychain
    this.#file = new SecretFile(stateDir, file)
  }

  async get(name: string): Promise<string | undefined> {
    checkName(name)
    return (await this.#file.get(name)) ?? (await this.#inKeychain((it) => it.get(name)))
  }

  async set(name: string, value: string): Promise<Awaited<ReturnType<SecretStore['set']>>> {
    checkName(name)
    if (value === '' || value.length > maxSecretLength)
      throw new GatewayError(
        'invalid_params',
        `A secret has between 1 and ${maxSecretLength} characters; this one has ${value.length}.`,
      )
    // A file that cannot be read would hide what is put into the keychain.
    await this.#file.names()
    let note: string | null = null
    if (this.#keychain) {
      try {
        await this.#keychain.set(name, value)
        await this.#file.remove(name)
        return { store: 'keychain', note: null }
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        note = error.message
      }
    }
    await this.#file.set(name, value)
    return { store: 'file', note }
  }

  async list(): Promise<{ secrets: StoredSecret[]; problem: string | null }> {
    const found = new Map<string, StoredSecret>()
    let problem: string | null = null
    try {
      for (const name of (await this.#inKeychain((it) => it.names())) ?? [])
        // Anybody may have put something else there.
        if (secretNamePattern.test(name)) found.set(name, { name, store: 'keychain' })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      problem = error.message
    }
    for (const name of await this.#file.names()) found.set(name, { name, store: 'file' })
    const secrets = [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return { secrets, problem }
  }

  async remove(name: string): Promise<boolean> {
    checkName(name)
    const wasInKeychain = (await this.#inKeychain((it) => it.remove(name))) ?? false
    return (await this.#file.remove(name)) || wasInKeychain
  }

  /** Undefined where there is no keychain. */
  async #inKeychain<T>(act: (keychain: Keychain) => Promise<T>): Promise<T | undefined> {
    if (!this.#keychain) return undefined
    try {
      return await act(this.#keychain)
    } catch (error) {
      if (error instanceof NoKeychainError) return undefined
      throw error
    }
  }
}

function checkName(name: string): void {
  if (secretNamePattern.test(name)) return
  throw new GatewayError(
    'invalid_params',
    `'${name.slice(0, 128)}' cannot be the name of a secret: letters, digits, '_', '.' and '-', at most 128.`,
  )
}
