import type { SecretStore } from './secret-store.ts'

/** The keychain, or an encrypted file in the state directory; loaded at its first use: most catalogs need no secret. */
export function lazySecrets(stateDir: string): SecretStore {
  let ready: Promise<SecretStore> | undefined
  const load = (): Promise<SecretStore> => {
    ready ??= Promise.all([import('./secrets.ts'), import('./keychain.ts')]).then(
      ([{ Secrets }, { Keychain }]) => new Secrets({ stateDir, keychain: new Keychain() }),
    )
    return ready
  }
  return {
    get: async (name) => (await load()).get(name),
    set: async (name, value) => (await load()).set(name, value),
    list: async () => (await load()).list(),
    remove: async (name) => (await load()).remove(name),
  }
}
