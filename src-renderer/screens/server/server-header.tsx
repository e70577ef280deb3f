import { useNavigate } from '@tanstack/react-router'
import { Copy, Ellipsis, FilePen, Play, RotateCw, Square, Trash2 } from 'lucide-react'
import { actionWords, actOn } from '../../../src-shared/action-words.ts'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { startOrStop, useServerActs } from '../../actions/actions.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { cx } from '../../components/class-names.ts'
import { copyText } from '../../components/copy.ts'
import { DetailHeader } from '../../components/detail-header.tsx'
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
  return (
    <DetailHeader
      name={server.display_name}
      all="All servers"
      onBack={back}
      acts={
        <>
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
        </>
      }
    >
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
    </DetailHeader>
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
