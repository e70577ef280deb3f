import { useRead } from '../../queries.ts'
import { CheckMenu } from '../../components/check-menu.tsx'
import { Select } from '../../components/select.tsx'
import { type LogFilter, logKinds, type LogKind, logSources } from './log-query.ts'

const kindLabels: Record<LogKind, string> = {
  error: '▲ Errors',
  warn: '△ Warnings',
  info: 'Info',
  debug: 'Debug',
  plain: 'Without a level',
}
const kindItems = logKinds.map((value) => ({ value, label: kindLabels[value] }))
const sourceItems = logSources.map((value) => ({
  value,
  label: { stderr: 'Stderr', stdout: 'Stdout', lifecycle: '◆ Lifecycle' }[value],
}))

interface LogFilterBarProps {
  filter: LogFilter
  onServer: (id: string | undefined) => void
  onKinds: (kinds: LogFilter['kinds']) => void
  onSources: (sources: LogFilter['sources']) => void
}

/** Which server's lines, and of which weight and source. */
export function LogFilterBar({ filter, onServer, onKinds, onSources }: LogFilterBarProps) {
  const servers = useRead('servers.list', {})
  const [server] = filter.servers
  const known = servers.data ?? []
  return (
    <>
      <Select
        aria-label="Server"
        value={server ?? ''}
        onChange={(event) => onServer(event.target.value === '' ? undefined : event.target.value)}
        className="w-40"
      >
        <option value="">All servers</option>
        {server !== undefined && !known.some(({ id }) => id === server) && (
          <option value={server}>{server}</option>
        )}
        {known.map(({ id, display_name: name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <CheckMenu
        name="Lines"
        label={labelOf(filter)}
        groups={[
          {
            title: 'Level, as the line has it',
            items: kindItems,
            chosen: filter.kinds,
            onChange: (kinds) => onKinds(new Set(logKinds.filter((one) => kinds.has(one)))),
          },
          {
            title: 'Source',
            items: sourceItems,
            chosen: filter.sources,
            onChange: (sources) => onSources(new Set(logSources.filter((one) => sources.has(one)))),
          },
        ]}
      />
    </>
  )
}

function labelOf({ kinds, sources }: LogFilter): string {
  const left = logKinds.length - kinds.size + (logSources.length - sources.size)
  if (left === 0) return 'All lines'
  const [only] = kinds
  if (kinds.size === 1 && only !== undefined && sources.size === logSources.length)
    return only === 'plain' ? kindLabels.plain : `${kindLabels[only]} only`
  return 'Some lines'
}
