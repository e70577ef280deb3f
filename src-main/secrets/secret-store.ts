/** Where a secret is kept: the system's keychain, or, where there is none, an encrypted file of the gateway's own. */
export type SecretPlace = 'keychain' | 'file'

export interface StoredSecret {
  name: string
  store: SecretPlace
}

/** What `${secret:NAME}` stands for. Each method rejects with GatewayError. */
export interface SecretStore {
  /** Undefined if it is not set; rejects if that cannot be told (the keychain is locked, the file is damaged). */
  get(name: string): Promise<string | undefined>
  /** `note`: why it is not in the keychain, where there is one; for people. Rejects with `invalid_params`, too. */
  set(name: string, value: string): Promise<{ store: SecretPlace; note: string | null }>
  /** By name. `problem`: why some may be left out. */
  list(): Promise<{ secrets: StoredSecret[]; problem: string | null }>
  /** False if it was not set. */
  remove(name: string): Promise<boolean>
}
