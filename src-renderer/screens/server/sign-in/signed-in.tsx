import { LogOut } from 'lucide-react'
import { useState } from 'react'
import { actionWords } from '../../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../../src-shared/api-servers.ts'
import { issuerHost } from '../../../../src-shared/shown-state.ts'
import type { SignIn } from '../../../../src-shared/sign-in.ts'
import { Button } from '../../../components/button.tsx'
import { useNow } from '../../../components/quantity.tsx'
import { TagList } from '../../../components/tag-list.tsx'
import { Tooltip } from '../../../components/tooltip.tsx'
import { exactTime } from '../../../words.ts'
import { Fact, Facts } from '../facts.tsx'
import { SignOutDialog } from './sign-out-dialog.tsx'
import { validityInWords } from './validity.ts'

/** Who is signed in, with whom, for what and for how long. */
export function SignedIn({
  server,
  signIn,
}: {
  server: Pick<ServerRow, 'id' | 'display_name'>
  signIn: SignIn
}) {
  const [leaving, setLeaving] = useState(false)
  const host = issuerHost(signIn.issuer)
  return (
    <section aria-labelledby="signed-in" className="flex flex-col gap-2.5">
      <div className="flex items-center gap-3 border-b border-line pb-1.5">
        <h3 id="signed-in" className="flex-1 text-prose font-semibold">
          Sign-in
        </h3>
        <Button size="small" icon={LogOut} onClick={() => setLeaving(true)}>
          {actionWords.signOut}
        </Button>
      </div>
      <Facts>
        <Fact name="Account">{signIn.account ?? `Not told by ${host ?? 'the issuer'}`}</Fact>
        <Fact name="Issuer">
          <span className="wrap-anywhere">{signIn.issuer ?? '–'}</span>
        </Fact>
        <Fact name="Scopes">
          {signIn.scopes.length === 0 ? (
            'Not told'
          ) : (
            <TagList tags={signIn.scopes} className="flex-wrap" />
          )}
        </Fact>
        <Fact name="Valid">
          <Validity signIn={signIn} />
        </Fact>
      </Facts>
      {leaving && <SignOutDialog server={server} host={host} onClose={() => setLeaving(false)} />}
    </section>
  )
}

function Validity({ signIn }: { signIn: SignIn }) {
  const words = validityInWords(signIn, useNow())
  if (signIn.expires_at === null) return words
  return (
    <Tooltip text={exactTime(Date.parse(signIn.expires_at))}>
      <time dateTime={signIn.expires_at} className="num">
        {words}
      </time>
    </Tooltip>
  )
}
