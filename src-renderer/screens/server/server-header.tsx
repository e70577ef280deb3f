import { useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Copy, Ellipsis, FilePen, Play, RotateCw, Square, Trash2, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { actionWords, actOn } from '../../../src-shared/action-words.ts'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { startOrStop, useServerActs } from '../../actions/actions.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { copyText } from '../../components/copy.ts'
import { Menu } from '../../components/menu.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import { useRead } from '../../queries.ts'
import { stateInWords } from '../../state-words.ts'
import { useRemoveServer } from './remove-server.ts'
import { keptFilter } from './server-search.ts'

export function ServerHeader({ server }: { server: ServerDetailView }) {
  const navigate = useNavigate()
  const act = useServerActs()
  const back = () => void navigate({ to: '/servers', search: (old) => keptFilter(old) })
  const main = startOrStop(server)
  const state = shownState(server)
  // The panel below has the one thing to do.
  const waits = state === 'sign_in_needed' || state === 'signing_in'
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // It covers the list that had the focus.
    if (!window.matchMedia('(min-width: 960px)').matches) heading.current?.focus()
  }, [])
  return (
    <header className="flex shrink-0 flex-col gap-1 px-5 pt-4 pb-2">
      <div className="flex min-h-8 items-center gap-2.5">
        <IconButton
          icon={ArrowLeft}
          label="All servers"
          className="-ml-2 wide:hidden"
          onClick={back}
        />
        <h2
          ref={heading}
          tabIndex={-1}
          className="outline-none min-w-0 truncate text-title font-semibold tracking-[-0.01em]"
        >
          {server.display_name}
        </h2>
        <span className="ml-auto flex shrink-0 items-center gap-1.5">
          {server.enabled && !waits && (
            <>
              {main === 'stop' && (
                <IconButton
                  icon={RotateCw}
                  label={actOn('restart', server.display_name)}
                  onClick={() => act('restart', server)}
                />
              )}
              <Button
                kind={main === 'start' ? 'primary' : 'plain'}
                icon={main === 'start' ? Play : Square}
                onClick={() => act(main, server)}
              >
                {main === 'start' ? actionWords.start : actionWords.stop}
              </Button>
            </>
          )}
          <MoreMenu server={server} />
          <IconButton icon={X} label="Close" className="max-wide:hidden" onClick={back} />
        </span>
      </div>
      <p className="flex min-w-0 items-center gap-2 text-muted">
        <StatusMark status={state} />
        <span
          className={cx(
            'truncate',
            state === 'unhealthy' && 'text-bad',
            state === 'sign_in_needed' && 'text-warn',
          )}
        >
          {stateInWords(server)}
        </span>
      </p>
    </header>
  )
}

function MoreMenu({ server }: { server: ServerDetailView }) {
  const navigate = useNavigate()
  const url = useRead('gateway.info', {}).data?.url ?? ''
  const remove = useRemoveServer()
  const act = useServerActs()
  return (
    <Menu
      trigger={<IconButton icon={Ellipsis} label="More" />}
      items={[
        // It may have been let in meanwhile by other means.
        ...(shownState(server) === 'sign_in_needed'
          ? [
              {
                label: 'Try to start',
                icon: Play,
                onSelect: () => act('start', server),
              },
            ]
          : []),
        {
          label: 'Edit YAML',
          icon: FilePen,
          onSelect: () => void navigate({ to: '/catalog', search: { server: server.id } }),
        },
        {
          label: 'Copy MCP address',
          icon: Copy,
          onSelect: () => copyText(`${url}/servers/${server.id}/mcp`, 'MCP address'),
        },
        null,
        {
          label: 'Remove server',
          icon: Trash2,
          danger: true,
          onSelect: () => void remove(server),
        },
      ]}
    />
  )
}
