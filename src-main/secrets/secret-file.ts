import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import { secretNamePattern } from '../../src-shared/secret-notation.ts'
import { takeLock } from '../process-lock.ts'
import type { ProcessLock } from '../process-lock.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

const format = 'open-mcp-gateway/secrets'
const version = 1
const cipher = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const lockWaitMs = 5_000

/**
 * Secrets in one file of the state directory, encrypted as a whole (AES-256-GCM) with a random key in a file beside it.
 * That keeps them out of backups, searches and screenshots of one file; whoever can read both files reads them all. A
 * file that cannot be read is never written over. Every method rejects with GatewayError.
 */
export class SecretFile {
  readonly #file: string
  readonly #keyFile: string

  /** `name`: of the file and its key, without extension. */
  constructor(stateDir: string, name: 'secrets' | 'sign-in-tokens' = 'secrets') {
    this.#file = path.join(stateDir, `${name}.json`)
    this.#keyFile = path.join(stateDir, `${name}.key`)
  }

  async get(name: string): Promise<string | undefined> {
    return (await this.#read()).get(name)
  }

  async names(): Promise<string[]> {
    return [...(await this.#read()).keys()]
  }

  set(name: string, value: string): Promise<void> {
    return this.#change(async (secrets) => {
      secrets.set(name, value)
      return this.#write(secrets)
    })
  }

  /** False if there was none. */
  remove(name: string): Promise<boolean> {
    return this.#change(async (secrets) => {
      if (!secrets.delete(name)) return false
      await this.#write(secrets)
      return true
    })
  }

  /** One change at a time, of this process or another. */
  async #change<T>(act: (secrets: Map<string, string>) => Promise<T>): Promise<T> {
    await fs.mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    const lock = await this.#lock()
    try {
      return await act(await this.#read())
    } finally {
      lock.release()
    }
  }

  async #lock(): Promise<ProcessLock> {
    const deadline = performance.now() + lockWaitMs
    for (;;) {
      const lock = takeLock(`${this.#file}.lock`)
      if (!('heldBy' in lock)) return lock
      if (performance.now() > deadline)
        throw new GatewayError(
          'conflict',
          `Process ${lock.heldBy.pid} is writing ${this.#file} and does not come to an end. Try again.`,
        )
      await delay(20)
    }
  }

  async #read(): Promise<Map<string, string>> {
    const text = await readPrivateFile(this.#file)
    if (text === undefined) return new Map()
    const { nonce, tag, data } = this.#sealed(text)
    const key = await this.#key()
    if (key === undefined)
      throw this.#unusable(`its key ${this.#keyFile} is missing. Put that file back`)
    let plain: string
    try {
      const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: 16 })
      decipher.setAAD(Buffer.from(`${format} ${version}`)).setAuthTag(tag)
      plain = Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw this.#unusable(`it is damaged, or ${this.#keyFile} is not its key`, cause)
    }
    const secrets: unknown = JSON.parse(plain)
    if (!isRecord(secrets)) throw this.#unusable('it does not hold secrets')
    return new Map(
      Object.entries(secrets).flatMap(([name, value]) =>
        secretNamePattern.test(name) && typeof value === 'string' ? [[name, value]] : [],
      ),
    )
  }

  #sealed(text: string): { nonce: Buffer; tag: Buffer; data: Buffer } {
    let sealed: unknown
    try {
      sealed = JSON.parse(text)
    } catch (cause) {
      throw this.#unusable('it is damaged', cause)
    }
    if (!isRecord(sealed) || sealed['format'] !== format)
      throw this.#unusable('it is damaged, or not a file of secrets')
    if (sealed['version'] !== version)
      throw this.#unusable(
        `its version is ${JSON.stringify(sealed['version'])}, and this program knows version ${version}. Update it`,
      )
    const bytes = (name: string): Buffer => {
      const value = sealed[name]
      return Buffer.from(typeof value === 'string' ? value : '', 'base64')
    }
    return { nonce: bytes('nonce'), tag: bytes('tag'), data: bytes('data') }
  }

  async #write(secrets: ReadonlyMap<string, string>): Promise<void> {
    const key = (await this.#key()) ?? (await this.#createKey())
    const nonce = randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, key, nonce, { authTagLength: 16 })
    encryption.setAAD(Buffer.from(`${format} ${version}`))
    const plain = JSON.stringify(Object.fromEntries(secrets))
    const data = Buffer.concat([encryption.update(plain, 'utf8'), encryption.final()])
    const sealed = {
      format,
      version,
      nonce: nonce.toString('base64'),
      tag: encryption.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    }
    await writePrivateFile(this.#file, `${JSON.stringify(sealed, undefined, 2)}\n`)
  }

  async #key(): Promise<Buffer | undefined> {
    const text = await readPrivateFile(this.#keyFile)
    if (text === undefined) return undefined
    const key = Buffer.from(text.trim(), 'base64')
    if (key.length === keyBytes) return key
    throw new GatewayError(
      'internal',
      `The key of the secrets, ${this.#keyFile}, is damaged. Put back the right file. If it is lost, delete it and ${this.#file}, and set the secrets again.`,
    )
  }

  /** Under the lock: nobody else makes one. */
  async #createKey(): Promise<Buffer> {
    const key = randomBytes(keyBytes)
    await writePrivateFile(this.#keyFile, `${key.toString('base64')}\n`)
    return key
  }

  #unusable(why: string, cause?: unknown): GatewayError {
    return new GatewayError(
      'internal',
      `The secrets in ${this.#file} cannot be read: ${why}. Nothing was changed. If it is lost, delete it and set the secrets again.`,
      { cause },
    )
  }
}
