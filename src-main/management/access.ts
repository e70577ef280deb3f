import type { AccessRow } from '../../src-shared/client-access.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `access.*`: what AI clients may see and use. */
export function accessProcedures({ register, gateway, redactor }: Parts): ProceduresOf<'access'> {
  function rows(): AccessRow[] {
    const registered = new Map(register.list().map((client) => [client.id, client]))
    const statistics = gateway.stats().clients
    return Object.entries(statistics).map(([id, counts]) => {
      const client = registered.get(id)
      return {
        id,
        name: client?.name ?? id,
        has_token: client !== undefined && client.token_sha256 !== null && client.revoked === null,
        created: client?.created ?? null,
        revoked: client?.revoked ?? null,
        limits: client?.limits ?? null,
        ...counts,
      }
    })
  }

  function row(id: string): AccessRow {
    const found = rows().find((each) => each.id === id)
    if (found === undefined) throw new Error(`Client ${id} is not there.`)
    return found
  }

  return {
    'access.list': rows,
    'access.grant': ({ id, name = id, token: withToken }) => {
      const token = withToken ? register.grant(id, name, true) : null
      if (token === null) register.grant(id, name, false)
      else redactor.add(token)
      return { token, client: row(id) }
    },
    'access.set_limits': ({ id, limits }) => {
      register.setLimits(id, limits)
      return row(id)
    },
    'access.revoke': ({ id }) => {
      register.revoke(id)
      return row(id)
    },
  }
}
