import type { ClientCheck, ClientPreview, ClientRow } from '../../src-shared/api-clients.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ClientDefinition } from './client-definition.ts'
import { entryHash, readEntry, startsOurShim } from './client-entry.ts'
import { readClientFile } from './client-file.ts'
import { clientRow } from './client-row.ts'
import { clientById, clientTable } from './client-table.ts'
import { checkClient } from './connection-check.ts'
import type { ClientUsage } from './connection-check.ts'
import { warningsOf } from './connect-warnings.ts'
import type { ToolCount } from './connect-warnings.ts'
import { planConnection } from './connection-plan.ts'
import type { ConnectOptions, ConnectPlan } from './connection-plan.ts'
import type { Connection, ConnectionStore } from './connection-store.ts'
import { EntryText } from './entry-edit.ts'
import { FileChanges } from './file-changes.ts'
import type { ClientTokens, FileChangesOptions } from './file-changes.ts'
import { fileDiff } from './file-diff.ts'
import { alternativesOf, ownCommand, runOwnCommand } from './own-command.ts'

/** Whom the gateway lets in, beside what stands in files. */
export interface ClientAccess {
  connected(client: { id: string; name: string }): Promise<void>
  /** No entry of ours is left in any of its files. */
  disconnected(id: string): Promise<void>
}

export interface ConnectionsOptions extends FileChangesOptions {
  access?: ClientAccess
  tools?: ToolCount
  /** What is known of a client that uses the gateway. `servers`: it has entries for these alone. */
  usage?: (
    client: string,
    servers: readonly string[] | undefined,
  ) => ClientUsage | Promise<ClientUsage>
}

const unknownUsage: ClientUsage = { tools: null, tokens: null, last_seen: null }

const tokenPlaceholder = '<a token of its own>'

/** AI clients' files and our entries in them: connected, taken out, brought back, mended. */
export class Connections {
  readonly store: ConnectionStore
  readonly options: ConnectionsOptions
  readonly #changes: FileChanges

  constructor(options: ConnectionsOptions) {
    this.options = options
    this.#changes = new FileChanges(options)
    this.store = this.#changes.store
  }

  /** Every client that is known, the ones found first. Stats only. */
  list(): ClientRow[] {
    const connections = this.store.read()
    const rows = clientTable.map((client) => this.#row(client, connections))
    return rows.toSorted((a, b) => rank(b) - rank(a))
  }

  row(id: string): ClientRow {
    return this.#row(clientById(id), this.store.read())
  }

  /** Reads the one file. Throws GatewayError with what speaks against it. */
  async preview(options: ConnectOptions): Promise<ClientPreview> {
    const plan = await this.#plan(options, tokenPlaceholder)
    const { client, kind, file, entries, project } = plan
    const isElsewhere = project !== null || kind !== 'shim-all' || plan.command === undefined
    return {
      id: client.id,
      kind,
      file: file.path,
      file_exists: file.bytes !== undefined,
      before: file.version,
      diff: fileDiff(file.path, plan.before.text, plan.after.text, await secretsOf(plan)),
      entries: entries.map(({ name, entry }) => ({
        name,
        text: JSON.stringify(entry, undefined, 2),
      })),
      warnings: warningsOf(plan, this.options.tools),
      restart: client.restart ?? null,
      alternatives:
        isElsewhere || plan.command === undefined
          ? []
          : alternativesOf(client, entries[0]?.name ?? '', plan.command, this.options.machine),
    }
  }

  /**
   * Writes what `preview` showed. `before`: its version. Throws GatewayError `precondition_failed` if the file is
   * another by now, or what `preview` throws; then nothing was written.
   */
  async connect(
    options: ConnectOptions & { before?: string; via?: 'file' | 'cli' },
  ): Promise<{ client: ClientRow; message: string; backup: string | null }> {
    const done = await this.store.locked(async () => {
      await this.#changes.settle()
      const draft = await this.#plan(options, tokenPlaceholder)
      if (options.before !== undefined && options.before !== draft.file.version)
        throw new GatewayError(
          'precondition_failed',
          `${draft.file.path} has changed since the preview. Nothing was written. Look at the preview again.`,
        )
      const { client } = draft
      if (options.via === 'cli') return this.#connectByCommand(draft)
      const isNew = options.kind === 'http' && options.keepsToken !== true
      const token = isNew ? await this.#tokens().issue(client) : undefined
      try {
        const plan = token === undefined ? draft : await this.#plan(options, token.token)
        const backup = await this.#changes.write(plan, token?.id ?? this.#keptToken(plan, options))
        const where = `${client.name} has the gateway in ${plan.file.path}.`
        return {
          client: this.row(client.id),
          message: client.restart === undefined ? where : `${where} ${client.restart}`,
          backup,
        }
      } catch (thrown) {
        if (token !== undefined) await this.options.tokens?.revoke(token.id)
        throw thrown
      }
    })
    await this.options.access?.connected(clientById(options.id))
    return done
  }

  /** Takes our entries out, and containers and files that were made for them. Throws GatewayError. */
  async disconnect(id: string, file?: string): Promise<{ client: ClientRow; message: string }> {
    const client = clientById(id)
    const done = await this.store.locked(async () => {
      await this.#changes.settle()
      const found = this.#of(client, file)
      const messages: string[] = []
      for (const one of found) messages.push(await this.#changes.takeOut(client, one))
      return { client: this.row(id), message: messages.join(' ') }
    })
    await this.#left(done.client)
    return done
  }

  /**
   * Brings back the bytes from before if the file is still what was written; else our entry alone goes, and `exact` is
   * false. Throws GatewayError.
   */
  async undo(
    id: string,
    file?: string,
  ): Promise<{ client: ClientRow; message: string; exact: boolean }> {
    const client = clientById(id)
    const done = await this.store.locked(async () => {
      await this.#changes.settle()
      const found = this.#of(client, file)
      const messages: string[] = []
      let exact = true
      for (const one of found) {
        const now = await readClientFile(one.file)
        const isBack = await this.#changes.bringBack(one, now)
        exact &&= isBack
        messages.push(
          isBack
            ? `${one.file} is as it was before ${one.earlier.length > 0 ? 'its servers were replaced' : `${client.name} was connected`}.`
            : `${one.file} has changed since: only the gateway's entry was taken out. ${await this.#changes.takeOut(client, one)}`,
        )
        if (isBack) await this.#changes.forgetStep(one)
      }
      return { client: this.row(id), message: messages.join(' '), exact }
    })
    await this.#left(done.client)
    return done
  }

  async #left({ id, connections }: ClientRow): Promise<void> {
    if (connections.length === 0) await this.options.access?.disconnected(id)
  }

  /** Reads the client's files, and says what it will see of the gateway. */
  async check(id: string): Promise<ClientCheck> {
    const client = clientById(id)
    const connections = this.store.read()
    const usage = (await this.options.usage?.(id, serversOf(id, connections))) ?? unknownUsage
    return checkClient(client, connections, this.options.machine, usage)
  }

  /** Corrects entries of ours that lead nowhere any more: the app has moved, the port is another. Says what it did. */
  async repair(): Promise<string[]> {
    if (this.store.read().length === 0) return []
    return this.store.locked(async () => {
      await this.#changes.settle()
      const messages: string[] = []
      for (const one of this.store.read()) {
        try {
          const mended = await this.#changes.mend(one)
          if (mended !== undefined) messages.push(mended)
        } catch (thrown) {
          const why = thrown instanceof Error ? thrown.message : String(thrown)
          messages.push(`The entry of ${one.client} could not be looked at: ${why}`)
        }
      }
      return messages
    })
  }

  #plan(options: ConnectOptions, token: string): Promise<ConnectPlan> {
    if (options.kind === 'http' && options.keepsToken !== true) this.#tokens()
    return planConnection(options, this.options, (file) => this.#known(options.id, file), token)
  }

  #keptToken({ file }: ConnectPlan, { id, keepsToken }: ConnectOptions): string | null {
    if (keepsToken !== true) return null
    return this.#known(id, file.path)?.token_id ?? null
  }

  #known(id: string, file: string): Connection | undefined {
    return this.store.read().find((one) => one.client === id && one.file === file)
  }

  async #connectByCommand(plan: ConnectPlan) {
    const { client, entries, command, file, kind, machine } = { ...plan, ...this.options }
    const name = entries[0]?.name ?? ''
    const words =
      command === undefined || kind !== 'shim-all' || plan.project !== null
        ? undefined
        : ownCommand(client, 'add', name, command, machine)
    if (words === undefined)
      throw new GatewayError(
        'conflict',
        `${client.name} has no command of its own for this, or it is not installed. Connect it by its file.`,
      )
    const isThere = plan.before.entries(plan.container).some((one) => one.name === name)
    const removal =
      command !== undefined && isThere
        ? ownCommand(client, 'remove', name, command, machine)
        : undefined
    if (removal !== undefined) await runOwnCommand(client, removal, machine.env)
    await runOwnCommand(client, words, machine.env)
    const now = await readClientFile(file.path)
    const text = new EntryText(now.text, client.format, file.path)
    const value = text.entries(plan.container).find((one) => one.name === name)?.value
    if (!startsOurShim(readEntry(client.shape, value), client.id))
      throw new GatewayError(
        'conflict',
        `${client.name}'s own command said that it was done, but the entry is not in ${file.path}. Connect it by its file.`,
      )
    this.store.save({
      ...this.#changes.record(plan, null),
      entries: [{ name, sha256: entryHash(value) }],
      via: 'cli',
      earlier: [],
      before: null,
      written: now.version,
      backup: null,
      made_file: false,
      had_entries: false,
      made_folder: null,
      state: 'connected',
    })
    return {
      client: this.row(client.id),
      message: `${client.name} has added the gateway by its own command.`,
      backup: null,
    }
  }

  /** The client's connections; without a record, what is in its file and surely ours. Throws `not_found`. */
  #of(client: ClientDefinition, file: string | undefined): Connection[] {
    const found = this.store
      .read()
      .filter((one) => one.client === client.id && (file === undefined || one.file === file))
    if (found.length > 0) return found
    throw new GatewayError('not_found', `${client.name} is not connected.`)
  }

  #row(client: ClientDefinition, connections: readonly Connection[]): ClientRow {
    const { machine, tokens } = this.options
    return clientRow(client, connections, machine, tokens !== undefined)
  }

  #tokens(): ClientTokens {
    const { tokens } = this.options
    if (tokens !== undefined) return tokens
    throw new GatewayError('conflict', 'There are no tokens for HTTP entries here. Use the shim.')
  }
}

/** Undefined for a client that has an entry for all servers, or none. */
function serversOf(id: string, connections: readonly Connection[]): string[] | undefined {
  const own = connections.filter(({ client }) => client === id)
  if (own.length === 0 || own.some(({ kind }) => kind !== 'shim-per-server')) return undefined
  return own.flatMap(({ entries }) => entries.flatMap(({ server }) => server ?? []))
}

/** What looks like a secret in the file's other entries: a difference shows the lines around. */
async function secretsOf({ before, container }: ConnectPlan): Promise<string[]> {
  const { secretsIn } = await import('./import-secrets.ts')
  return before.entries(container).flatMap(({ name, value }) => secretsIn(name, value))
}

/** Connected ones first, then those that are found. */
function rank({ found, connections }: ClientRow): number {
  return (connections.length > 0 ? 2 : 0) + (found ? 1 : 0)
}
