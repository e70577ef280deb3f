import { Copy, ExternalLink } from 'lucide-react'
import type { ServerRow } from '../../../../src-shared/api-servers.ts'
import { issuerHost } from '../../../../src-shared/shown-state.ts'
import type { SignIn } from '../../../../src-shared/sign-in.ts'
import { useIsSignInBeginning, useSignIn, useSignInLink } from '../../../actions/sign-in.ts'
import { Button } from '../../../components/button.tsx'
import { copyText } from '../../../components/copy.ts'
import { useNow } from '../../../components/quantity.tsx'
import { notifyFailure } from '../../../components/toast.tsx'
import { useAct } from '../../../queries.ts'
import { durationInWords } from '../../../words.ts'
import { PasteAddress } from './paste-address.tsx'

interface WaitingProps {
  server: Pick<ServerRow, 'id' | 'display_name'>
  signIn: SignIn
}

/** A link is out: how long it is good, how to open it where no browser has, and how to call it off. */
export function WaitingForBrowser({ server, signIn }: WaitingProps) {
  const cancel = useAct('sign_in.cancel')
  const host = issuerHost(signIn.issuer)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h3 className="text-prose font-medium">Waiting for the browser</h3>
          <p className="text-muted wrap-anywhere">
            Sign in{host === null ? '' : ` at ${host}`} there; this goes on by itself.{' '}
            <TimeLeft until={signIn.expires_at} />
          </p>
        </div>
        <Button
          busy={cancel.isPending}
          onClick={() =>
            cancel.mutate(
              { id: server.id },
              {
                onError: (error) =>
                  notifyFailure(`The sign-in to ${server.display_name} goes on.`, error),
              },
            )
          }
        >
          Cancel
        </Button>
      </div>
      <LinkLine server={server} signIn={signIn} />
      <PasteAddress server={server} />
    </div>
  )
}

/** "9 min 12 s left." */
function TimeLeft({ until }: { until: string | null }) {
  const now = useNow()
  if (until === null) return null
  const left = Math.floor((Date.parse(until) - now) / 1000) * 1000
  return <span className="num">{left > 0 ? `${durationInWords(left)} left.` : 'Time is up.'}</span>
}

function LinkLine({ server, signIn }: WaitingProps) {
  const link = useSignInLink(server.id, signIn)
  const open = useSignIn()
  const beginning = useIsSignInBeginning(server.id)
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="text-muted">No page has opened?</span>
      {link === undefined ? (
        // Begun elsewhere: the gateway gives the same link again.
        <Button size="small" icon={ExternalLink} busy={beginning} onClick={() => open(server)}>
          Open it here
        </Button>
      ) : (
        <>
          <a
            href={link}
            target="_blank"
            rel="noopener noreferrer"
            className="inline-flex items-center gap-1 font-medium text-accent hover:underline"
          >
            <ExternalLink size={13} aria-hidden />
            Open the sign-in page
          </a>
          <Button kind="quiet" size="small" icon={Copy} onClick={() => copyText(link, 'Link')}>
            Copy link
          </Button>
        </>
      )}
    </div>
  )
}
