import type { ProcedureInput, ProcedureOutput } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { SecretRow } from '../../src-shared/secret.ts'
import { secretNamesIn } from '../../src-main/catalog/interpolate.ts'
import type { FakeCatalog } from './fake-catalog.ts'

type Reload = ProcedureOutput<'secrets.set'>['reload']

/** `secrets.*` of the fake gateway. */
export class FakeSecrets {
  /** Why some may be left out of the list. */
  problem: string | null = null
  /** Why the next ones are not in the keychain. */
  note: string | null = null
  readonly #values: Map<string, string>
  readonly #catalog: FakeCatalog
  readonly #reload: () => Reload

  constructor(values: Map<string, string>, catalog: FakeCatalog, reload: () => Reload) {
    this.#values = values
    this.#catalog = catalog
    this.#reload = reload
  }

  list(): ProcedureOutput<'secrets.list'> {
    const rows = new Map<string, SecretRow>()
    for (const name of this.#values.keys()) rows.set(name, { name, store: 'keychain', used_by: [] })
    for (const { id, entry } of this.#catalog.check(this.#catalog.text).entries)
      for (const name of secretNamesIn(JSON.stringify(entry))) {
        const row = rows.get(name) ?? { name, store: null, used_by: [] }
        rows.set(name, { ...row, used_by: [...row.used_by, String(id)] })
      }
    const secrets = [...rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return { secrets, problem: this.problem }
  }

  set({ name, value }: ProcedureInput<'secrets.set'>): ProcedureOutput<'secrets.set'> {
    this.#values.set(name, value)
    const store = this.note === null ? 'keychain' : 'file'
    return { store, note: this.note, reload: this.#reload() }
  }

  remove({ name }: ProcedureInput<'secrets.remove'>): ProcedureOutput<'secrets.remove'> {
    if (!this.#values.delete(name))
      throw new GatewayError('not_found', `There is no secret ${name}.`)
    return { reload: this.#reload() }
  }
}
