import path from 'node:path'
import type {
  ImportInput,
  ImportPreview,
  ImportResult,
  ImportSource,
} from '../../src-shared/client-import.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Connections } from './connections.ts'
import type { ImportCatalog } from './import-catalog.ts'
import { planImport } from './import-plan.ts'
import type { ImportPlan, PlannedServer } from './import-plan.ts'
import { replacementsOf } from './import-replace.ts'
import type { Replacement } from './import-replace.ts'
import { withSecretNames } from './import-secrets.ts'
import { findServers } from './import-sources.ts'

interface Options {
  connections: Connections
  catalog: ImportCatalog
  secrets: SecretStore
  /** Where this gateway listens, or would. */
  ownUrls: () => readonly string[]
  /** Learns each secret that passes, so that no log has it. */
  redactor?: { add(secret: string): void }
}

interface Picked {
  server: PlannedServer
  key: string
  id: string
  /** As it goes into the catalog; undefined where the same is there already. */
  entry: JsonRecord | undefined
}

/** Takes servers of AI clients and of other files over into the catalog. */
export class ServerImport {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** Throws GatewayError for a source that cannot be read; of several files, those are named in `problems`. */
  async preview(source: ImportSource): Promise<ImportPreview> {
    const { before, servers, problems } = await this.#plan(source)
    return { before, servers: servers.map(({ shown }) => shown), problems }
  }

  /**
   * All of it or nothing, but for the files of clients, which come last. Throws GatewayError: `precondition_failed` (a
   * file or the catalog is another than `before` was given for), `conflict`, `catalog_invalid`, `bad_request`.
   */
  async import(input: ImportInput): Promise<ImportResult> {
    // Two at once would take back each other's secrets.
    const { plan, added, replacements, kept, reload } =
      await this.#options.connections.store.locked(() => this.#add(input))
    const clients: ImportResult['clients'] = []
    for (const one of replacements) clients.push(await this.#replace(one, plan))
    const result = { added: added.map(({ key, id }) => ({ key, id })), ...kept, clients, reload }
    return { ...result, message: messageOf(result) }
  }

  /** Bundles, secrets and the catalog: all of it or nothing. */
  async #add(input: ImportInput) {
    const { catalog, connections } = this.#options
    const { text, etag } = await catalog.read()
    const plan = await this.#plan(input.source)
    if (plan.before !== input.before)
      throw new GatewayError(
        'precondition_failed',
        'The catalog, a secret, or a file that was looked at has changed since the preview. Nothing was imported. Look at the preview again.',
      )
    const picked = this.#picked(plan, input)
    const added = picked.filter(isAdded)
    const edited = await this.#editedCatalog(text, added)
    const enabled = await connections.options.serverIds()
    const replacements = replacementsOf(picked, input.replace, connections.store.read(), enabled)
    // What would fail at the end is found out before anything is done.
    for (const one of replacements) await this.#assertReplaceable(one, plan)
    const undo: (() => Promise<unknown>)[] = []
    try {
      for (const { server } of added) {
        const { bundle } = server
        if (bundle !== undefined && (await bundle.unpack())) undo.push(() => bundle.remove())
      }
      const kept = await this.#keepSecrets(input.secrets === 'keychain' ? added : [], undo)
      const reload = added.length > 0 ? await this.#write(edited, etag) : null
      return { plan, added, replacements, kept, reload }
    } catch (thrown) {
      for (const step of undo.toReversed()) await step().catch(() => {})
      throw thrown
    }
  }

  async #write(text: string, etag: string): Promise<ImportResult['reload']> {
    const { catalog } = this.#options
    try {
      return (await catalog.replace(text, etag)).reload
    } catch (thrown) {
      // Written, and only not taken yet: why not shows where the catalog does.
      const now = await catalog.read().catch(() => undefined)
      if (now?.text === text) return null
      throw thrown
    }
  }

  async #plan(source: ImportSource): Promise<ImportPlan> {
    const { connections, catalog, secrets, ownUrls } = this.#options
    const { machine, stateDir } = connections.options
    const findings = await findServers(source, {
      machine,
      stateDir,
      connections: () => connections.store.read(),
      ownUrls,
    })
    const { text, etag } = await catalog.read()
    const { entries, readable, problems } = await catalog.check(text)
    if (!readable)
      throw new GatewayError(
        'catalog_invalid',
        `${catalog.path} cannot be read, so that nothing can be added to it: ${problems[0]?.message ?? ''}`,
      )
    const own = {
      etag,
      baseDir: path.dirname(catalog.path),
      entries: entries.map((one) => one.entry),
    }
    return planImport(findings, own, secrets, machine.env)
  }

  #picked({ servers }: ImportPlan, { picks, secrets }: ImportInput): Picked[] {
    const picked = picks.map(({ key, id }) => {
      const server = servers.find(({ shown }) => shown.key === key)
      if (server === undefined)
        throw new GatewayError('bad_request', `There is no server '${key}' in the preview.`)
      const { plain, shown } = server
      if (plain === undefined)
        throw new GatewayError('bad_request', `'${key}' cannot be imported. ${shown.problem ?? ''}`)
      if (shown.duplicate_of !== null)
        return { server, key, id: shown.duplicate_of, entry: undefined }
      const entry = secrets === 'keep' ? plain : withSecretNames(plain, server.secrets)
      return { server, key, id: id ?? shown.id, entry: { ...entry, id: id ?? shown.id } }
    })
    if (new Set(picked.map(({ key }) => key)).size < picked.length)
      throw new GatewayError('bad_request', 'A server is picked twice.')
    return picked
  }

  /** Throws GatewayError `conflict` for an id that is taken, `catalog_invalid`. */
  async #editedCatalog(text: string, added: readonly Picked[]): Promise<string> {
    if (added.length === 0) return text
    const { catalog } = this.#options
    const edits = added.map(({ entry }) => ({ op: 'add' as const, entry: entry ?? {} }))
    const edited = await catalog.editText(text, edits)
    const [problem] = (await catalog.check(edited)).problems
    if (problem === undefined) return edited
    throw new GatewayError(
      'catalog_invalid',
      `Nothing was imported: the catalog would not be valid. ${catalog.path}:${problem.line}:${problem.column}: ${problem.message}`,
    )
  }

  async #assertReplaceable(one: Replacement, plan: ImportPlan): Promise<void> {
    const hasServers = one.servers === undefined || one.servers.length > 0
    const options = hasServers ? one : { ...one, kind: 'shim-all' as const, servers: undefined }
    const { before } = await this.#options.connections.preview(options)
    if (before !== plan.versions[one.inFile])
      throw new GatewayError(
        'precondition_failed',
        `${one.inFile} has changed since the preview. Nothing was imported. Look at the preview again.`,
      )
  }

  async #keepSecrets(
    added: readonly Picked[],
    undo: (() => Promise<unknown>)[],
  ): Promise<Pick<ImportResult, 'secrets' | 'secrets_note'>> {
    const { secrets: store, redactor } = this.#options
    const secrets: ImportResult['secrets'] = []
    let secrets_note: string | null = null
    for (const { name, value, isKept } of added.flatMap(({ server }) => server.secrets)) {
      redactor?.add(value)
      if (isKept || secrets.some((one) => one.name === name)) continue
      const { store: place, note } = await store.set(name, value)
      undo.push(() => store.remove(name))
      secrets.push({ name, store: place })
      secrets_note ??= note
    }
    return { secrets, secrets_note }
  }

  /** The catalog has the servers by now: a client that cannot be changed keeps its own, and is told of. */
  async #replace(one: Replacement, plan: ImportPlan): Promise<ImportResult['clients'][number]> {
    const { connections } = this.#options
    const { id, inFile: file, replace, servers, imported } = one
    try {
      const enabled = await connections.options.serverIds()
      const all = servers && [...servers, ...imported.filter((each) => enabled.includes(each))]
      const before = plan.versions[file]
      const { message, backup } = await connections.connect({
        ...one,
        servers: all,
        ...(before === undefined ? {} : { before }),
      })
      return { id, file, replaced: [...replace], message, backup, problem: null }
    } catch (thrown) {
      const problem = asGatewayError(thrown).message
      return { id, file, replaced: [], message: '', backup: null, problem }
    }
  }
}

function isAdded(picked: Picked): picked is Picked & { entry: JsonRecord } {
  return picked.entry !== undefined
}

function messageOf({ added, secrets, clients }: Omit<ImportResult, 'message'>): string {
  const parts = [
    added.length === 0
      ? 'Nothing was added to the catalog: it has these servers already.'
      : `${added.length === 1 ? 'One server was' : `${added.length} servers were`} added to the catalog: ${added.map(({ id }) => id).join(', ')}.`,
  ]
  if (secrets.length > 0)
    parts.push(`Kept as secrets: ${secrets.map(({ name }) => name).join(', ')}.`)
  for (const { id, replaced, problem } of clients)
    parts.push(
      problem === null
        ? `${replaced.join(', ')} of ${id} gave way to the gateway; gateway clients undo ${id} takes that back.`
        : `The entries of ${id} stay as they are: ${problem}`,
    )
  return parts.join(' ')
}
