import { GatewayError } from '../../src-shared/errors.ts'
import type { SecretRow } from '../../src-shared/secret.ts'
import type { ReloadResult } from '../catalog/catalog-in-force.ts'
import { secretNamesIn } from '../catalog/interpolate.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `secrets.*`. */
export function secretProcedures({
  gateway,
  secrets,
  redactor,
  log,
}: Parts): ProceduresOf<'secrets'> {
  /** What is wrong with a catalog shows elsewhere; the secret is set all the same. */
  const reload = (): Promise<ReloadResult | null> => gateway.reload().catch(() => null)

  function usedBy(): Map<string, string[]> {
    const used = new Map<string, string[]>()
    for (const { id, definition } of gateway.servers.all()) {
      const { runtime, env, env_file } = definition
      for (const name of secretNamesIn(JSON.stringify([runtime, env, env_file])))
        used.set(name, [...(used.get(name) ?? []), id])
    }
    return used
  }

  return {
    'secrets.list': async () => {
      const { secrets: set, problem } = await secrets.list()
      const used = usedBy()
      const rows = new Map<string, SecretRow>()
      for (const name of used.keys()) rows.set(name, { name, store: null, used_by: [] })
      for (const { name, store } of set) rows.set(name, { name, store, used_by: [] })
      for (const row of rows.values()) row.used_by = used.get(row.name) ?? []
      const sorted = [...rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
      return { secrets: sorted, problem }
    },
    'secrets.set': async ({ name, value }) => {
      redactor.add(value)
      const { store, note } = await secrets.set(name, value)
      log.info({ secret: name, store }, 'A secret was set.')
      return { store, note, reload: await reload() }
    },
    'secrets.remove': async ({ name }) => {
      if (!(await secrets.remove(name)))
        throw new GatewayError('not_found', `There is no secret ${name}.`)
      log.info({ secret: name }, 'A secret was removed.')
      return { reload: await reload() }
    },
  }
}
