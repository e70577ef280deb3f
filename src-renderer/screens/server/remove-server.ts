import { useNavigate } from '@tanstack/react-router'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import type { GatewayApi } from '../../../src-shared/api.ts'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { useGateway } from '../../queries.ts'

/** Takes a server out of the catalog at once; the notice offers to put the text back as it was. */
export function useRemoveServer() {
  const gateway = useGateway()
  const navigate = useNavigate()
  return async (server: Pick<ServerDetailView, 'id' | 'display_name'>) => {
    try {
      const before = await gateway.call('catalog.read', {})
      const { text } = await gateway.call('catalog.edit', {
        text: before.text,
        edits: [{ op: 'remove', id: server.id }],
      })
      // First away from what is about to be gone.
      await navigate({ to: '/servers' })
      const { etag } = await gateway.call('catalog.save', { text, etag: before.etag })
      notify({
        title: `${server.display_name} removed`,
        action: {
          label: 'Undo',
          run: () => void putBack(gateway, server.display_name, before.text, etag),
        },
      })
    } catch (thrown) {
      notifyFailure(`${server.display_name} was not removed.`, thrown)
    }
  }
}

/** Only while nobody else has changed the file: the gateway refuses by its etag. */
export async function putBack(
  gateway: GatewayApi,
  name: string,
  text: string,
  etag: string,
): Promise<void> {
  try {
    await gateway.call('catalog.save', { text, etag })
    notify({ title: `${name} is back` })
  } catch (thrown) {
    notifyFailure(`${name} could not be put back.`, thrown)
  }
}
