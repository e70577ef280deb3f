import {
  skipToken,
  useIsMutating,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import type { SignIn, SignInLink } from '../../src-shared/sign-in.ts'
import type { ApiError } from '../api-error.ts'
import { notifyFailure } from '../components/toast.tsx'
import { useGateway } from '../queries.ts'

type Named = Pick<ServerRow, 'id' | 'display_name'>

const startKey = ['sign_in.start']
const linkKey = (id: string) => ['sign_in.link', id]

/**
 * Signs in to a server: its link opens in the browser. What goes on, and what to do where no browser has opened, is on
 * the server's page. While a sign-in is under way the same link opens again.
 */
export function useSignIn(): (server: Named) => void {
  const gateway = useGateway()
  const cache = useQueryClient()
  const { mutate } = useMutation<SignInLink, ApiError, Named>({
    mutationKey: startKey,
    mutationFn: ({ id }) => gateway.call('sign_in.start', { id }),
    // Here, not at `mutate`: the palette is gone by then.
    onSuccess: (link, { id }) => {
      cache.setQueryData(linkKey(id), link)
      openInBrowser(link.url)
    },
    onError: (error, { display_name: name }) =>
      notifyFailure(`The sign-in to ${name} could not begin.`, error),
  })
  return mutate
}

/** Whether a link is being asked for: the issuer is looked for, and the gateway made known to it. */
export function useIsSignInBeginning(id: string): boolean {
  const begun = useIsMutating({
    mutationKey: startKey,
    predicate: ({ state: { variables } }) =>
      typeof variables === 'object' &&
      variables !== null &&
      'id' in variables &&
      variables.id === id,
  })
  return begun > 0
}

/** The link of the sign-in that is under way, if this window has asked for it. */
export function useSignInLink(id: string, signIn: SignIn): string | undefined {
  const { data } = useQuery<SignInLink>({ queryKey: linkKey(id), queryFn: skipToken })
  // An attempt is known by its time limit: a link from before is of no use.
  return data !== undefined && data.expires_at === signIn.expires_at && isWebAddress(data.url)
    ? data.url
    : undefined
}

/**
 * In the desktop app the system's browser takes it. A browser lets a page open another one for a few seconds after a
 * click; later it is left to the link on the server's page.
 */
function openInBrowser(url: string): void {
  const inApp = window.openMcpGateway !== undefined
  if (isWebAddress(url) && (inApp || navigator.userActivation.isActive))
    window.open(url, '_blank', 'noopener,noreferrer')
}

/** The address comes from the issuer: other schemes run scripts or start programs. */
function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url)
}
