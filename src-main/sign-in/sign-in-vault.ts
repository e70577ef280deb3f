import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../../src-shared/errors.ts'
import { takeLock } from '../process-lock.ts'
import type { ProcessLock } from '../process-lock.ts'
import { readPrivateFile, writePrivateFile } from '../secrets/private-file.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { SignInNote, SignInRecord } from './sign-in-record.ts'

/** Longer than a request to an issuer may take, which happens under the lock. */
const lockWaitMs = 40_000
const lockPollMs = 50

/** `sign-ins.json`; looked for before this room is loaded. */
export function signInNotesFile(stateDir: string): string {
  return path.join(stateDir, 'sign-ins.json')
}

/**
 * The sign-ins of all servers: tokens in the keychain or an encrypted file, what may be shown in a plain file. Each
 * record is changed under a lock of its own, by one caller of one process at a time. Methods reject with GatewayError.
 */
export class SignInVault {
  readonly #stateDir: string
  readonly #store: SecretStore
  /** Several gateways of one user share the keychain; each has its state directory. */
  readonly #prefix: string
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #catalog: string

  /** `catalog`: the path of the one in force. */
  constructor(stateDir: string, store: SecretStore, catalog: string) {
    this.#stateDir = stateDir
    this.#catalog = catalog
    this.#store = store
    this.#prefix = createHash('sha256').update(path.resolve(stateDir)).digest('hex').slice(0, 16)
  }

  /** What is known without asking the keychain, by server. A file that cannot be read counts for nothing. */
  async notes(): Promise<Record<string, SignInNote>> {
    try {
      const text = await readPrivateFile(signInNotesFile(this.#stateDir))
      if (text === undefined) return {}
      const { signInNotes } = await import('./sign-in-record.ts')
      return signInNotes.parse(JSON.parse(text)).servers
    } catch {
      return {}
    }
  }

  async read(serverId: string): Promise<SignInRecord | undefined> {
    const text = await this.#store.get(this.#name(serverId))
    if (text === undefined) return undefined
    // Loaded with the first sign-in, not by every start of the gateway.
    const { signInRecord } = await import('./sign-in-record.ts')
    try {
      const record = signInRecord.parse(JSON.parse(text))
      return record.server_id === serverId ? record : undefined
    } catch {
      // Written by a later version, or damaged: signing in again puts it right.
      return undefined
    }
  }

  /**
   * Runs `act` on what is kept, with nobody else at it, and keeps what it returns; undefined: as it was. `empty`: what
   * it gets where nothing is kept.
   */
  change<T>(
    serverId: string,
    act: (record: SignInRecord) => Promise<{ keep?: SignInRecord; result: T }>,
  ): Promise<T> {
    return this.#inTurn(serverId, async () => {
      const lock = await this.#lock(`sign-in-${serverId}.lock`)
      try {
        const { keep, result } = await act((await this.read(serverId)) ?? empty(serverId))
        if (keep !== undefined) await this.#write(serverId, keep)
        return result
      } finally {
        lock.release()
      }
    })
  }

  /** What may be shown of a record. */
  note(record: SignInRecord): SignInNote {
    return noteOf(record, this.#catalog)
  }

  async #write(serverId: string, record: SignInRecord): Promise<void> {
    const isEmpty = !record.client && !record.grant && !record.flow
    if (isEmpty) await this.#store.remove(this.#name(serverId))
    else await this.#store.set(this.#name(serverId), JSON.stringify(record))
    await this.#inTurn('', async () => {
      const lock = await this.#lock('sign-ins.lock')
      try {
        const servers = await this.notes()
        if (isEmpty) delete servers[serverId]
        else servers[serverId] = this.note(record)
        const text = `${JSON.stringify({ version: 1, servers }, undefined, 2)}\n`
        await writePrivateFile(signInNotesFile(this.#stateDir), text)
      } finally {
        lock.release()
      }
    })
  }

  #name(serverId: string): string {
    return `${this.#prefix}.${serverId}`
  }

  /** One after the other within this process: a lock file cannot tell two of its callers apart. */
  #inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(act, act)
    const settled = turn.catch(() => {})
    this.#turns.set(key, settled)
    void settled.then(() => this.#turns.get(key) === settled && this.#turns.delete(key))
    return turn
  }

  async #lock(name: string): Promise<ProcessLock> {
    const file = path.join(this.#stateDir, name)
    fs.mkdirSync(this.#stateDir, { recursive: true, mode: 0o700 })
    const deadline = performance.now() + lockWaitMs
    for (;;) {
      const lock = takeLock(file)
      if (!('heldBy' in lock)) return lock
      if (performance.now() > deadline)
        throw new GatewayError(
          'conflict',
          `Process ${lock.heldBy.pid} holds ${file} and does not come to an end. Try again.`,
        )
      await delay(lockPollMs)
    }
  }
}

function empty(serverId: string): SignInRecord {
  return { version: 1, server_id: serverId }
}

/** What may be shown of it. */
function noteOf({ grant, flow, client }: SignInRecord, catalog: string): SignInNote {
  const { url = '', issuer = client?.issuer ?? '' } = grant ?? flow ?? {}
  return {
    catalog,
    url,
    issuer,
    grant:
      grant === undefined
        ? null
        : {
            scopes: grant.scopes,
            account: grant.account ?? null,
            expires_at: grant.expires_at ?? null,
            renews: grant.refresh_token !== undefined,
          },
    flow_until: flow?.expires_at ?? null,
  }
}
