import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What one authorization server remembers; unlike the package's own, of this one server alone. */
export class ProviderMemory {
  readonly #stored = new Map<string, AdapterPayload>()

  /** For the provider's `adapter` option. */
  readonly adapter = (model: string): Adapter => {
    const stored = this.#stored
    const key = (id: string): string => `${model}:${id}`
    const by = (name: 'uid' | 'userCode', value: string): AdapterPayload | undefined =>
      [...stored].find(([id, it]) => id.startsWith(`${model}:`) && it[name] === value)?.[1]
    return {
      upsert: async (id, payload) => void stored.set(key(id), payload),
      find: async (id) => stored.get(key(id)),
      findByUid: async (uid) => by('uid', uid),
      findByUserCode: async (code) => by('userCode', code),
      consume: async (id) => {
        const found = stored.get(key(id))
        if (found) stored.set(key(id), { ...found, consumed: Math.floor(Date.now() / 1000) })
      },
      destroy: async (id) => void stored.delete(key(id)),
      revokeByGrantId: async (grantId) => {
        for (const [id, { grantId: of }] of stored) if (of === grantId) stored.delete(id)
      },
    }
  }

  forget(model: string): void {
    for (const id of this.#stored.keys()) if (id.startsWith(`${model}:`)) this.#stored.delete(id)
  }
}
