import type { SecretStore } from './secret-store.ts'

/** The keychain, or an encrypted file in the state directory; loaded at its first use: most catalogs need no secret. */
export function lazySecrets(stateDir: string): SecretStore {
  return lazily(async () => {
    const [{ Secrets }, { Keychain }] = await load()
    return new Secrets({ stateDir, keychain: new Keychain() })
  })
}

/** The same for the tokens of sign-ins, apart from the secrets, so that no list of these has them. */
export function lazySignInTokens(stateDir: string): SecretStore {
  return lazily(async () => {
    const [{ Secrets }, { Keychain, signInService }] = await load()
    return new Secrets({ stateDir, keychain: new Keychain(signInService), file: 'sign-in-tokens' })
  })
}

function load() {
  return Promise.all([import('./secrets.ts'), import('./keychain.ts')])
}

function lazily(create: () => Promise<SecretStore>): SecretStore {
  let ready: Promise<SecretStore> | undefined
  const load = (): Promise<SecretStore> => {
    ready ??= create()
    return ready
  }
  return {
    get: async (name) => (await load()).get(name),
    set: async (name, value) => (await load()).set(name, value),
    list: async () => (await load()).list(),
    remove: async (name) => (await load()).remove(name),
  }
}
