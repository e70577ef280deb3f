import type { ReactNode } from 'react'
import { KeyRound } from 'lucide-react'
import { actionWords } from '../../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../../src-shared/api-servers.ts'
import { issuerHost } from '../../../../src-shared/shown-state.ts'
import type { SignIn } from '../../../../src-shared/sign-in.ts'
import { useIsSignInBeginning, useSignIn } from '../../../actions/sign-in.ts'
import { Button } from '../../../components/button.tsx'
import { cx } from '../../../components/class-names.ts'
import { TagList } from '../../../components/tag-list.tsx'
import { WaitingForBrowser } from './waiting-for-browser.tsx'

type Named = Pick<ServerRow, 'id' | 'display_name'>

/** Above everything else of a server that waits for a person: what is needed, or what goes on. */
export function SignInPanel({ server, signIn }: { server: Named; signIn: SignIn }) {
  const name = server.display_name
  const host = issuerHost(signIn.issuer)
  const at = host === null ? '' : ` at ${host}`
  switch (signIn.state) {
    case 'in_progress':
      return (
        <Panel calm>
          <WaitingForBrowser server={server} signIn={signIn} />
        </Panel>
      )
    case 'signed_in':
      // It works, and would do more with another sign-in.
      return (
        signIn.problem !== null && (
          <Panel>
            <Ask server={server} button="Sign in again" title={`${name} wants more`}>
              <p>{signIn.problem}</p>
            </Ask>
          </Panel>
        )
      )
    case 'needed':
    case 'failed':
      return (
        <Panel>
          <Ask
            server={server}
            button={actionWords.signIn}
            title={
              signIn.state === 'failed' ? `Not signed in to ${name}` : `Sign in to use ${name}`
            }
          >
            {signIn.problem !== null && <p>{signIn.problem}</p>}
            <p className="text-muted">
              {signIn.state === 'needed'
                ? `Once, in your browser${at}; then every AI client has it. None of them sees a token.`
                : `It still needs a sign-in${at}. Until then its calls fail.`}
            </p>
            {signIn.scopes.length > 0 && (
              <p className="flex min-w-0 items-baseline gap-2">
                <span className="shrink-0 text-muted">It asks for</span>
                <TagList tags={signIn.scopes} className="flex-wrap" />
              </p>
            )}
          </Ask>
        </Panel>
      )
  }
}

function Panel({ calm = false, children }: { calm?: boolean; children: ReactNode }) {
  return (
    <section
      aria-label="Sign-in"
      className={cx(
        'mx-5 mb-2 flex shrink-0 animate-appear gap-2.5 rounded px-3 py-2.5',
        calm ? 'bg-hover' : 'bg-warn-soft',
      )}
    >
      <KeyRound
        size={16}
        aria-hidden
        className={cx('mt-0.5 shrink-0', calm ? 'text-accent' : 'text-warn')}
      />
      <div className="min-w-0 flex-1">{children}</div>
    </section>
  )
}

interface AskProps {
  server: Named
  title: string
  button: string
  children: ReactNode
}

function Ask({ server, title, button, children }: AskProps) {
  const signIn = useSignIn()
  const beginning = useIsSignInBeginning(server.id)
  return (
    <div className="flex items-start gap-4">
      <div className="flex min-w-0 flex-1 flex-col gap-1 wrap-anywhere">
        <h3 className="text-prose font-medium">{title}</h3>
        {children}
      </div>
      <Button kind="primary" busy={beginning} onClick={() => signIn(server)}>
        {button}
      </Button>
    </div>
  )
}
