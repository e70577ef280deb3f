import fs from 'node:fs'
import type { Runtime } from '../../src-shared/catalog.ts'
import type { GatewayError } from '../../src-shared/errors.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import type { LaunchDefinition } from '../runtimes/runtime.ts'
import type { RemoteAuthorization } from '../runtimes/remote-authorization.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Clock } from '../servers/clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { Redactor } from '../telemetry/redact.ts'
import type { SignInTarget } from './grant-keeper.ts'
import { ServerSignIn } from './server-sign-in.ts'
import type { SignInNote } from './sign-in-record.ts'
import { signInNotesFile, SignInVault } from './sign-in-vault.ts'

export interface SignInsOptions {
  stateDir: string
  /** The path of the catalog in force. */
  catalogPath: string
  /** Where tokens are kept. */
  store: SecretStore
  clock: Clock
  log: Log
  redactor: Pick<Redactor, 'add'>
  /** Of the config: our metadata document, where there is one. */
  clientMetadataUrl: string | undefined
  /** How long a link is good. Default 10 min. */
  linkMs?: number
  /** How long a call waits for a person who is signing in. Default 2 min. */
  callWaitMs?: number
}

export interface SignInEvents {
  changed(serverId: string): void
  /** Nobody is signed in to it any more. */
  lost(serverId: string, error: GatewayError): void
  /** A line for the server's log. */
  log(serverId: string, text: string): void
}

const defaultLinkMs = 10 * 60_000
const defaultCallWaitMs = 2 * 60_000

/** The sign-ins of all servers (ADR 0016). Costs nothing where no server asks for one. */
export class SignIns {
  readonly #options: SignInsOptions
  readonly #vault: SignInVault
  readonly #servers = new Map<string, ServerSignIn>()
  #notes: Record<string, SignInNote> = {}
  #events: SignInEvents | undefined

  constructor(options: SignInsOptions) {
    this.#options = options
    this.#vault = new SignInVault(options.stateDir, options.store, options.catalogPath)
  }

  /** Reads what may be shown of earlier sign-ins; the tokens themselves when they are needed. Never rejects. */
  async open(events: SignInEvents): Promise<void> {
    this.#events = events
    if (fs.existsSync(signInNotesFile(this.#options.stateDir)))
      this.#notes = await this.#vault.notes()
  }

  /** Of one catalog entry; the same as long as it is there. */
  of(serverId: string): ServerSignIn {
    const known = this.#servers.get(serverId)
    if (known) return known
    const { clock, redactor, clientMetadataUrl, linkMs, callWaitMs } = this.#options
    const signIn = new ServerSignIn({
      serverId,
      vault: this.#vault,
      clock,
      redactor,
      clientMetadataUrl,
      note: this.#notes[serverId],
      linkMs: linkMs ?? defaultLinkMs,
      callWaitMs: callWaitMs ?? defaultCallWaitMs,
      log: (text) => this.#events?.log(serverId, text),
      changed: () => this.#events?.changed(serverId),
      lost: (error) => this.#events?.lost(serverId, error),
    })
    this.#servers.set(serverId, signIn)
    return signIn
  }

  /** The same, but for an entry that has not been asked for a sign-in. */
  known(serverId: string): ServerSignIn | undefined {
    return this.#servers.get(serverId) ?? (this.#notes[serverId] && this.of(serverId))
  }

  /** Signs the requests of one instance. */
  authorization({ serverId, runtime }: LaunchDefinition): RemoteAuthorization {
    const target = targetOf(runtime)
    if (target === undefined) throw new Error(`${serverId} is no remote server.`)
    return this.of(serverId).authorization(target)
  }

  /** Servers for which a link was out when the gateway before this one ended. */
  pending(): string[] {
    const now = this.#options.clock.wall()
    return Object.entries(this.#notes).flatMap(([id, { flow_until }]) =>
      flow_until !== null && flow_until > now ? [id] : [],
    )
  }

  /** The catalog has changed: who is gone is signed out, and what was said of a changed entry is forgotten. */
  catalogChanged(has: (serverId: string) => boolean, changed: readonly string[]): void {
    for (const id of changed) this.#servers.get(id)?.moved()
    const { catalogPath } = this.#options
    const noted = Object.entries(this.#notes).flatMap(([id, { catalog }]) =>
      catalog === catalogPath ? [id] : [],
    )
    for (const id of new Set([...noted, ...this.#servers.keys()])) {
      if (has(id)) continue
      const leaving = this.of(id)
      this.#servers.delete(id)
      delete this.#notes[id]
      if (!leaving.isKnown) continue
      leaving.signOut(true).catch((error: unknown) => {
        this.#options.log.warn(
          { server: id },
          `Its sign-in could not be removed. ${asGatewayError(error).message}`,
        )
      })
    }
  }

  /** Ends what waits for a browser; the next gateway can take it up. */
  close(): void {
    for (const signIn of this.#servers.values()) signIn.close()
  }
}

/** Undefined for a server on this machine, and for one whose headers or URL say who we are. */
export function targetOf(runtime: Runtime): SignInTarget | undefined {
  if (runtime.type === 'local-process' || runtime.type === 'docker') return undefined
  const names = Object.keys(runtime.headers).map((name) => name.toLowerCase())
  if (names.includes('authorization')) return undefined
  const url = URL.parse(runtime.url)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  url.hash = ''
  return { url: url.href, oauth: runtime.oauth }
}
