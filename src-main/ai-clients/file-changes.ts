import type { ClientDefinition } from './client-definition.ts'
import { entryHash, readEntry, startsOurShim } from './client-entry.ts'
import { absentVersion, readClientFile, removeClientFile, writeClientFile } from './client-file.ts'
import type { ClientFile, WriteStep } from './client-file.ts'
import { sha256 } from '../catalog/content-version.ts'
import { clientById } from './client-table.ts'
import { destinationOf } from './connection-glance.ts'
import { rememberedEntry } from './connection-plan.ts'
import type { ConnectPlan, EntrySources } from './connection-plan.ts'
import { repairedText } from './connection-repair.ts'
import { ConnectionStore } from './connection-store.ts'
import type { Connection } from './connection-store.ts'
import { EntryText } from './entry-edit.ts'
import type { EntryChange } from './entry-edit.ts'
import { ownCommand, runOwnCommand } from './own-command.ts'

/** A client's own key to the gateway, which HTTP entries hold. */
export interface ClientTokens {
  issue(client: { id: string; name: string }): Promise<{ id: string; token: string }>
  /** Idempotent. */
  revoke(id: string): Promise<void>
}

export interface FileChangesOptions extends EntrySources {
  /** Undefined: no HTTP entries. */
  tokens?: ClientTokens
  now?: () => Date
  /** Tests end the process at a step. */
  onStep?: (step: WriteStep | 'backup' | 'noted' | 'saved') => void
}

function stepsUpTo({ earlier, ...last }: Connection): Connection['earlier'] {
  return [...earlier, last]
}

/** What is taken out needs no command line. */
const noCommand = { command: '', args: [], env: {} }

/** Changes of clients' files that are remembered, one at a time: whoever calls holds the store's lock. */
export class FileChanges {
  readonly store: ConnectionStore
  readonly options: FileChangesOptions

  constructor(options: FileChangesOptions) {
    this.options = options
    this.store = new ConnectionStore(options.stateDir)
  }

  async write(plan: ConnectPlan, tokenId: string | null): Promise<string | null> {
    const { file, after, before } = plan
    const earlier = this.#earlier(plan)
    // Servers that give way are a step of their own, which undo takes back by itself.
    const isStep = earlier !== undefined && plan.replaced.length > 0
    // Else the bytes to come back to are those before the first of ours.
    const isUntouched = !isStep && earlier !== undefined && earlier.written === file.version
    const backup = isUntouched ? earlier.backup : this.#backup(plan)
    const isFirst = earlier === undefined || isStep
    const record: Connection = {
      ...this.record(plan, tokenId),
      via: 'file',
      before: isFirst ? file.version : isUntouched ? earlier.before : null,
      written: sha256(Buffer.from(after.text, 'utf8')),
      backup: isFirst || isUntouched ? backup : null,
      had_entries: earlier?.had_entries ?? plan.hadEntries,
      made_file: earlier?.made_file ?? file.bytes === undefined,
      made_folder: earlier?.made_folder ?? null,
      earlier: isStep ? stepsUpTo(earlier) : (earlier?.earlier ?? []),
      state: 'writing',
    }
    this.store.save(record)
    this.#step('noted')
    let madeFolder: string | undefined
    if (after.text !== before.text || file.bytes === undefined)
      try {
        madeFolder = (await writeClientFile(file, after.text, (step) => this.#step(step)))
          .madeFolder
      } catch (thrown) {
        if (earlier === undefined) this.store.remove(record)
        else this.store.save(earlier)
        throw thrown
      }
    this.store.save({
      ...record,
      state: 'connected',
      made_folder: madeFolder ?? record.made_folder,
    })
    this.#step('saved')
    const oldToken = earlier?.token_id ?? null
    if (oldToken !== null && oldToken !== tokenId) await this.options.tokens?.revoke(oldToken)
    return backup === null ? null : this.store.backupPath(backup)
  }

  #earlier({ client, file }: ConnectPlan): Connection | undefined {
    return this.store.read().find((one) => one.client === client.id && one.file === file.path)
  }

  #backup({ client, file }: ConnectPlan): string | null {
    if (file.bytes === undefined) return null
    const name = this.store.keep(client.id, file.path, file.bytes, file.version, this.#now())
    this.#step('backup')
    return name
  }

  record(plan: ConnectPlan, tokenId: string | null) {
    const earlier = this.#earlier(plan)
    return {
      client: plan.client.id,
      file: plan.file.path,
      project: plan.project,
      kind: plan.kind,
      container: { path: [...plan.container.path], kind: plan.container.kind },
      keep: plan.keep,
      entries: plan.entries.map(rememberedEntry),
      replaced: [...new Set([...(earlier?.replaced ?? []), ...plan.replaced])],
      token_id: tokenId,
      leads_to: this.#destination(plan.kind),
      connected_at: this.#now().toISOString(),
    }
  }

  /** What a process that ended in the middle has left: either the file was replaced, or it was not. */
  async settle(): Promise<void> {
    for (const one of this.store.read()) {
      if (one.state !== 'writing') continue
      try {
        await this.#settleOne(one)
      } catch {
        // A file that cannot be read now: whoever asks for it is told why.
      }
    }
  }

  async #settleOne(one: Connection): Promise<void> {
    const now = await readClientFile(one.file)
    if (now.version === one.written) return this.store.save({ ...one, state: 'connected' })
    if (now.version === one.before && one.earlier.length > 0) return this.forgetStep(one)
    const present = new EntryText(now.text, clientById(one.client).format, one.file).entries(
      one.container,
    )
    // An earlier connection's entries, which this one was to replace.
    if (present.some(({ name }) => one.entries.some((entry) => entry.name === name)))
      this.store.save({ ...one, state: 'connected', before: null, written: null, backup: null })
    else await this.forget(one)
  }

  async takeOut(client: ClientDefinition, one: Connection): Promise<string> {
    const now = await readClientFile(one.file)
    if (now.bytes === undefined) {
      await this.forget(one)
      return `${one.file} is gone, and the gateway's entry with it.`
    }
    if (one.via === 'cli' && (await this.#takeOutByCommand(client, one)))
      return `${client.name} has taken the gateway's entry out by its own command.`
    const text = new EntryText(now.text, client.format, one.file)
    const present = text.entries(one.container)
    const left: string[] = []
    const changes = one.entries.flatMap(({ name, sha256 }): EntryChange[] => {
      const value = present.find((entry) => entry.name === name)?.value
      if (value === undefined) return []
      if (entryHash(value) === sha256 || this.#isOurs(client, value))
        return [{ op: 'take', name, keep: one.keep }]
      left.push(name)
      return []
    })
    const after = text.changed(one.container, changes)
    // The bytes before may hold an entry of ours.
    const isFirst = !one.had_entries && one.earlier.length === 0
    const isBack = isFirst && (await this.bringBack(one, now))
    if (!isBack) await this.#writeRest(one, now, after)
    await this.forget(one)
    const messages = [
      left.length > 0
        ? `${one.file} has another server called ${left.join(', ')} by now, which was left as it is.`
        : `The gateway's entry is no longer in ${one.file}.`,
    ]
    if (!isBack && one.replaced.length > 0 && one.backup !== null)
      messages.push(
        `The servers that it had replaced (${one.replaced.join(', ')}) are in ${this.store.backupPath(one.backup)}.`,
      )
    return messages.join(' ')
  }

  /** False where the client has no command for it, or it did not do what it should: then the file is edited. */
  async #takeOutByCommand(client: ClientDefinition, one: Connection): Promise<boolean> {
    const { machine } = this.options
    for (const { name } of one.entries) {
      const words = ownCommand(client, 'remove', name, noCommand, machine)
      if (words === undefined) return false
      await runOwnCommand(client, words, machine.env).catch(() => {})
    }
    const now = await readClientFile(one.file)
    const present = new EntryText(now.text, client.format, one.file).entries(one.container)
    if (present.some(({ name }) => one.entries.some((entry) => entry.name === name))) return false
    await this.forget(one)
    return true
  }

  /** A file that was made for the entry goes with it if nothing else came in. */
  async #writeRest(one: Connection, now: ClientFile, after: EntryText): Promise<void> {
    const hasRest = Object.keys(Object(after.value ?? {})).length > 0
    if (one.made_file && !hasRest) await removeClientFile(now, one.made_folder)
    else if (after.text !== now.text)
      await writeClientFile(now, after.text, (step) => this.#step(step))
  }

  #isOurs(client: ClientDefinition, value: unknown): boolean {
    const read = readEntry(client.shape, value)
    const url = this.options.url()
    return startsOurShim(read, client.id) || (url !== undefined && read.http?.url === `${url}/mcp`)
  }

  /** The bytes from before, if the file is what was written. False: nothing was done. */
  async bringBack(one: Connection, now: ClientFile): Promise<boolean> {
    // A process that ended in the middle has done it already.
    if (one.earlier.length > 0 && now.version === one.before) return true
    if (one.written === null || now.version !== one.written) return false
    if (one.made_file && one.before === absentVersion) {
      await removeClientFile(now, one.made_folder)
      return true
    }
    const bytes = one.backup === null ? undefined : this.store.restore(one.backup)
    if (bytes === undefined) return false
    await writeClientFile(now, bytes, (step) => this.#step(step))
    return true
  }

  async mend(one: Connection): Promise<string | undefined> {
    const client = clientById(one.client)
    const now = await readClientFile(one.file)
    if (now.bytes === undefined) return undefined
    const text = new EntryText(now.text, client.format, one.file)
    const mended = repairedText(client, one, text, this.options)
    const leads_to = this.#destination(one.kind)
    if (mended === undefined) {
      // Seen, and left as it is.
      if (one.leads_to !== leads_to) this.store.save({ ...one, leads_to })
      return undefined
    }
    const { version } = await writeClientFile(now, mended.text.text, (step) => this.#step(step))
    const isAsWritten = one.written === now.version
    this.store.save({
      ...one,
      leads_to,
      entries: mended.entries,
      written: isAsWritten ? version : null,
      before: isAsWritten ? one.before : null,
      backup: isAsWritten ? one.backup : null,
    })
    return `The gateway's entry in ${one.file} led nowhere any more, and was corrected.`
  }

  /** After its bytes were brought back: what it came after holds again. */
  async forgetStep(one: Connection): Promise<void> {
    const last = one.earlier.at(-1)
    if (last === undefined) return this.forget(one)
    this.store.save({ ...last, earlier: one.earlier.slice(0, -1) })
  }

  async forget(one: Connection): Promise<void> {
    this.store.remove(one)
    if (one.token_id !== null) await this.options.tokens?.revoke(one.token_id)
  }

  #destination(kind: Connection['kind']): string {
    return destinationOf(kind, this.options.launcher, this.options.url())
  }

  #now(): Date {
    return this.options.now?.() ?? new Date()
  }

  #step(step: WriteStep | 'backup' | 'noted' | 'saved'): void {
    this.options.onStep?.(step)
  }
}
