import type { ActivityEntry, ActivityOutcome } from '../../../src-shared/api.ts'
import { SearchField } from '../../components/search-field.tsx'
import { Select } from '../../components/select.tsx'
import { useRead } from '../../queries.ts'
import type { ActivityFilter } from './activity-entries.ts'
import { outcomeWords } from './outcome-mark.tsx'

const outcomes: readonly ActivityOutcome[] = ['ok', 'error', 'cancelled']

interface FilterBarProps {
  filter: ActivityFilter
  text: string
  onText: (text: string) => void
  onChange: (key: 'server' | 'client' | 'outcome', value: string | undefined) => void
  /** The clients of these can be chosen. */
  entries: readonly ActivityEntry[]
  compact: boolean
}

export function FilterBar({ filter, text, onText, onChange, entries, compact }: FilterBarProps) {
  const servers = useRead('servers.list', {})
  const clients = new Set(entries.map(({ client }) => client))
  if (filter.client !== undefined) clients.add(filter.client)
  const width = compact ? 'min-w-0 flex-1' : 'w-36'
  return (
    <>
      <SearchField
        label="Search requests"
        value={text}
        onChange={onText}
        className={compact ? 'w-full' : 'w-56'}
      />
      <Choice
        label="Server"
        all={compact ? 'Server' : 'All servers'}
        value={filter.server_id}
        options={(servers.data ?? []).map(({ id, display_name: name }) => [id, name])}
        onChange={(value) => onChange('server', value)}
        className={width}
      />
      <Choice
        label="Client"
        all={compact ? 'Client' : 'All clients'}
        value={filter.client}
        options={[...clients].sort().map((client) => [client, client])}
        onChange={(value) => onChange('client', value)}
        className={width}
      />
      <Choice
        label="Outcome"
        all={compact ? 'Outcome' : 'All outcomes'}
        value={filter.outcome}
        options={outcomes.map((one) => [one, outcomeWords[one]])}
        onChange={(value) => onChange('outcome', value)}
        className={width}
      />
    </>
  )
}

interface ChoiceProps {
  label: string
  all: string
  value: string | undefined
  options: readonly (readonly [value: string, label: string])[]
  onChange: (value: string | undefined) => void
  className: string
}

function Choice({ label, all, value, options, onChange, className }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
      className={className}
    >
      <option value="">{all}</option>
      {value !== undefined && !options.some(([one]) => one === value) && (
        <option value={value}>{value}</option>
      )}
      {options.map(([one, name]) => (
        <option key={one} value={one}>
          {name}
        </option>
      ))}
    </Select>
  )
}
