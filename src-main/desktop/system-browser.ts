import { shell } from 'electron'
import { GatewayError } from '../../src-shared/errors.ts'

/** Opens a web address in the user's browser. Rejects where there is none, or for any other kind of address. */
export async function openInBrowser(address: string): Promise<void> {
  const url = URL.parse(address)
  // Other schemes start programs; a user name in it pretends to be another site.
  if (
    url === null ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== ''
  )
    throw new GatewayError('bad_request', 'That is no web address.')
  await shell.openExternal(url.href)
}
