import { Play, RotateCw, Square, X } from 'lucide-react'
import { actionWords, actOn, signInTo } from '../../../src-shared/action-words.ts'
import type { ServerRow } from '../../../src-shared/api-servers.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { startOrStop, type ServerAct } from '../../actions/actions.ts'
import { useIsSignInBeginning } from '../../actions/sign-in.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'

export type RowAct = ServerAct | 'sign_in' | 'cancel_sign_in'

interface RowActsProps {
  row: ServerRow
  act: (act: RowAct, row: ServerRow) => void
  tabIndex: 0 | -1
}

/** What Space does to a row. */
export function mainAct(row: ServerRow): RowAct {
  const state = shownState(row)
  return state === 'sign_in_needed' || state === 'signing_in' ? 'sign_in' : startOrStop(row)
}

/** What can be done with a server, at the end of its row. */
export function RowActs({ row, act, tabIndex }: RowActsProps) {
  const name = row.display_name
  const state = shownState(row)
  if (!row.enabled) return null
  if (state === 'sign_in_needed')
    return <SignInAct row={row} tabIndex={tabIndex} onClick={() => act('sign_in', row)} />
  if (state === 'signing_in')
    return (
      <RowAct
        label={`Cancel signing in to ${name}`}
        icon={X}
        tabIndex={tabIndex}
        onClick={() => act('cancel_sign_in', row)}
      />
    )
  const main = startOrStop(row)
  return (
    <>
      <RowAct
        label={actOn('restart', name)}
        icon={RotateCw}
        tabIndex={tabIndex}
        hidden={main === 'start'}
        onClick={() => act('restart', row)}
      />
      <RowAct
        label={actOn(main, name)}
        icon={main === 'start' ? Play : Square}
        tabIndex={tabIndex}
        onClick={() => act(main, row)}
      />
    </>
  )
}

function SignInAct({
  row,
  tabIndex,
  onClick,
}: {
  row: ServerRow
  tabIndex: 0 | -1
  onClick: () => void
}) {
  return (
    <Button
      size="small"
      aria-label={signInTo(row.display_name)}
      busy={useIsSignInBeginning(row.id)}
      tabIndex={tabIndex}
      onClick={onClick}
    >
      {actionWords.signIn}
    </Button>
  )
}

function RowAct({ hidden = false, ...props }: Parameters<typeof IconButton>[0]) {
  return (
    <IconButton
      {...props}
      light
      size="small"
      className={cx(
        'opacity-80 group-hover:opacity-100 group-focus-within:opacity-100 focus-visible:opacity-100',
        hidden && 'invisible',
      )}
    />
  )
}
