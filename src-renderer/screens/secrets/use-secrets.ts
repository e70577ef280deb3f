import { useQueryClient } from '@tanstack/react-query'
import type { SecretRow } from '../../../src-shared/secret.ts'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { keyOf, useAct, useGateway } from '../../queries.ts'

export const placeWords: Readonly<Record<NonNullable<SecretRow['store']>, string>> = {
  keychain: 'In the keychain',
  file: 'In an encrypted file',
}

/** Sets a secret and says where it is kept. Resolves to whether that went well; what did not has been told. */
export function useSetSecret() {
  const cache = useQueryClient()
  const act = useAct('secrets.set')
  const set = async (name: string, value: string): Promise<boolean> => {
    try {
      const { store, note } = await act.mutateAsync({ name, value })
      await cache.invalidateQueries({ queryKey: keyOf('secrets.list') })
      notify({
        title: `${placeWords[store]}: ${name}`,
        ...(note !== null && { description: note }),
      })
      return true
    } catch (thrown) {
      notifyFailure(`${name} was not set.`, thrown)
      return false
    }
  }
  return { set, isPending: act.isPending }
}

/** Sets a secret under the wanted name or one like it, and gives what stands for it in the catalog; undefined if it failed. */
export function useKeepSecret() {
  const gateway = useGateway()
  const { set, isPending } = useSetSecret()
  const keep = async (wanted: string, value: string): Promise<string | undefined> => {
    try {
      const { secrets } = await gateway.call('secrets.list', {})
      const name = freeName(wanted, secrets)
      return (await set(name, value)) ? `\${secret:${name}}` : undefined
    } catch (thrown) {
      notifyFailure(`${wanted} was not set.`, thrown)
      return undefined
    }
  }
  return { keep, isPending }
}

/** The wanted name, or one like it that no secret has. */
function freeName(wanted: string, rows: readonly SecretRow[]): string {
  const taken = new Set(rows.flatMap(({ name, store }) => (store === null ? [] : [name])))
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}_${number}`
    if (!taken.has(name)) return name
  }
}
