import type {
  FoundSecret,
  ImportOrigin,
  ImportPreview,
  ImportServer,
} from '../../src-shared/client-import.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { canonicalJson } from '../../src-shared/json-record.ts'
import { sha256 } from '../catalog/content-version.ts'
import { secretName, secretNamesIn } from '../catalog/interpolate.ts'
import type { Lookup } from '../catalog/interpolate.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Bundle } from './bundle-file.ts'
import { importEntry } from './import-entry.ts'
import { meaningOf } from './import-meaning.ts'
import { literalSecrets, withSecretNames } from './import-secrets.ts'
import type { LiteralSecret } from './import-secrets.ts'
import type { Findings, FoundServer } from './import-sources.ts'

/** One server that may be imported, with what no answer may hold. */
export interface PlannedServer {
  shown: ImportServer
  /** As it is written in its source, secrets included; undefined where it cannot be imported. */
  plain: JsonRecord | undefined
  secrets: (LiteralSecret & { name: string; isKept: boolean })[]
  places: { origin: ImportOrigin; project: string | undefined }[]
  bundle: Bundle | undefined
}

export interface ImportPlan {
  before: string
  servers: PlannedServer[]
  problems: ImportPreview['problems']
  /** Of the files that were looked at. */
  versions: Readonly<Record<string, string>>
}

export interface CatalogEntries {
  etag: string
  /** The folder that its relative paths start from. */
  baseDir: string
  entries: readonly JsonRecord[]
}

/** What the findings come to beside a catalog: one server for all that mean the same, with an id and names for secrets. */
export async function planImport(
  findings: Findings,
  catalog: CatalogEntries,
  secrets: Pick<SecretStore, 'get' | 'list'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImportPlan> {
  const reader = new SecretReader(secrets)
  const taken = new Set(catalog.entries.map(({ id }) => String(id)))
  const plain: Lookup = (name) => env[name]
  const known = await catalogMeanings(catalog, findings, reader, env)
  const servers = new Map<string, PlannedServer>()
  const names = new SecretNames(reader)
  for (const found of findings.servers) {
    const place = { origin: found.origin, project: found.project }
    const made = importEntry(found, taken)
    if ('problem' in made) {
      const key = `${servers.size}-problem`
      servers.set(key, refused(found, made.problem, keyOf(found, servers)))
      continue
    }
    const meaning = meaningOf(made.entry, plain, catalog.baseDir) ?? ''
    const same = servers.get(meaning)
    if (same !== undefined) {
      join(same, made.entry, place)
      continue
    }
    const id = String(made.entry['id'])
    const literal = literalSecrets(made.entry)
    const named: PlannedServer['secrets'] = []
    for (const secret of literal) named.push({ ...secret, ...(await names.for(secret)) })
    const duplicate = known.get(meaning) ?? null
    if (duplicate === null) taken.add(id)
    servers.set(meaning, {
      shown: {
        key: keyOf(found, servers),
        id,
        origins: [found.origin],
        entry: withSecretNames(made.entry, named),
        secrets: named.map(shownSecret),
        notes: [...made.notes, ...(found.notes ?? [])],
        duplicate_of: duplicate,
        problem: null,
      },
      plain: made.entry,
      secrets: named,
      places: [place],
      bundle: found.bundle,
    })
  }
  const all = [...servers.values()]
  const looked = [catalog.etag, findings.versions, all.map(({ shown }) => shown)]
  const { problems, versions } = findings
  return { before: sha256(canonicalJson(looked)), servers: all, problems, versions }
}

function refused({ origin, project }: FoundServer, problem: string, key: string): PlannedServer {
  return {
    shown: {
      key,
      id: '',
      origins: [origin],
      entry: null,
      secrets: [],
      notes: [],
      duplicate_of: null,
      problem,
    },
    plain: undefined,
    secrets: [],
    places: [{ origin, project }],
    bundle: undefined,
  }
}

/** The same server in another client: what the first one says stays, unless it is switched off there alone. */
function join(
  same: PlannedServer,
  entry: JsonRecord,
  place: PlannedServer['places'][number],
): void {
  same.shown.origins.push(place.origin)
  same.places.push(place)
  for (const one of [same.plain, same.shown.entry])
    if (one?.['enabled'] === false && entry['enabled'] !== false) delete one['enabled']
  const differs =
    canonicalJson(same.plain?.['tools'] ?? null) !== canonicalJson(entry['tools'] ?? null)
  if (differs)
    same.shown.notes.push(
      `${place.origin.title} shows other tools of it; limits for each client are set at the client.`,
    )
}

/** Where it was found first: the same in every preview of the same source. */
function keyOf({ origin, name }: FoundServer, servers: ReadonlyMap<string, PlannedServer>): string {
  const base = `${origin.client ?? 'file'}/${name}`.slice(0, 280)
  const used = new Set([...servers.values()].map(({ shown }) => shown.key))
  for (let number = 1; ; number++) {
    const key = number === 1 ? base : `${base}/${number}`
    if (!used.has(key)) return key
  }
}

function shownSecret({
  place,
  where,
  name,
  isKept,
}: PlannedServer['secrets'][number]): FoundSecret {
  return { place, where, name, is_kept: isKept }
}

/** The catalog's servers by what they mean. */
async function catalogMeanings(
  { entries, baseDir }: CatalogEntries,
  { servers }: Findings,
  reader: SecretReader,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Map<string, string>> {
  const known = new Map<string, string>()
  if (servers.length === 0) return known
  const values = new Map<string, string>()
  for (const name of secretNamesIn(JSON.stringify(entries))) {
    const value = await reader.get(name)
    if (value !== undefined) values.set(name, value)
  }
  const lookup: Lookup = (name) => {
    const secret = secretName(name)
    return secret === undefined ? env[name] : values.get(secret)
  }
  for (const entry of entries) {
    const meaning = meaningOf(entry, lookup, baseDir)
    if (meaning !== undefined && !known.has(meaning)) known.set(meaning, String(entry['id']))
  }
  return known
}

/** Each secret of the store read once; one that cannot be read is as good as not there. */
class SecretReader {
  readonly #store: Pick<SecretStore, 'get' | 'list'>
  readonly #values = new Map<string, Promise<string | undefined>>()
  #names: Promise<ReadonlySet<string>> | undefined

  constructor(store: Pick<SecretStore, 'get' | 'list'>) {
    this.#store = store
  }

  /** Asks for the name first: a keychain may want its person's leave for each value. */
  async get(name: string): Promise<string | undefined> {
    if (!(await this.has(name))) return undefined
    const value = this.#values.get(name) ?? this.#store.get(name).catch(() => undefined)
    this.#values.set(name, value)
    return value
  }

  async has(name: string): Promise<boolean> {
    this.#names ??= this.#store
      .list()
      .then(({ secrets }) => new Set(secrets.map((one) => one.name)))
    return (await this.#names).has(name)
  }
}

/** Gives every value a name of its own, which stays that of a value that is kept already. */
class SecretNames {
  readonly #reader: SecretReader
  readonly #given = new Map<string, string>()

  constructor(reader: SecretReader) {
    this.#reader = reader
  }

  async for({ name: wanted, value }: LiteralSecret): Promise<{ name: string; isKept: boolean }> {
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}_${number}`
      const given = this.#given.get(name)
      if (given !== undefined && given !== value) continue
      const kept = await this.#reader.get(name)
      const isKept = kept === value
      if (!isKept && (await this.#reader.has(name))) continue
      this.#given.set(name, value)
      return { name, isKept }
    }
  }
}
