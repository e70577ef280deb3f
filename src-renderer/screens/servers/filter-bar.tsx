import { statusMarks } from '../../../src-shared/action-words.ts'
import { SearchField } from '../../components/search-field.tsx'
import { Select } from '../../components/select.tsx'
import type { ServerFilter } from './server-filter.ts'

interface FilterBarProps {
  filter: ServerFilter
  tags: readonly string[]
  onChange: (filter: ServerFilter) => void
  compact: boolean
}

const states = [
  'running',
  'starting',
  'stopping',
  'stopped',
  'unhealthy',
  'sign_in_needed',
] as const

export function FilterBar({ filter, tags, onChange, compact }: FilterBarProps) {
  const { q, tag, state } = filter
  const change = (part: ServerFilter) =>
    onChange(
      Object.fromEntries(
        Object.entries({ ...filter, ...part }).filter(([, value]) => value !== ''),
      ),
    )
  return (
    <>
      <SearchField
        label="Filter servers"
        value={q ?? ''}
        onChange={(text) => change({ q: text })}
        className={compact ? 'w-full' : 'w-64'}
      />
      {!compact && (
        <>
          <Select
            aria-label="State"
            value={state ?? ''}
            onChange={(event) => change({ state: event.target.value })}
          >
            <option value="">All states</option>
            <option value="attention">Needs attention</option>
            {states.map((one) => (
              <option key={one} value={one}>
                {statusMarks[one].word}
              </option>
            ))}
          </Select>
          {tags.length > 0 && (
            <Select
              aria-label="Tag"
              value={tag ?? ''}
              onChange={(event) => change({ tag: event.target.value })}
            >
              <option value="">All tags</option>
              {tags.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </>
      )}
    </>
  )
}
