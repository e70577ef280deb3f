import { ArrowDown, ArrowUp, CaseSensitive, ListFilter, Regex } from 'lucide-react'
import { IconButton } from '../../components/button.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { ToggleButton } from '../../components/toggle-button.tsx'
import { count, counted } from '../../words.ts'
import type { LogSearch } from './log-query.ts'

interface LogSearchBarProps {
  search: LogSearch
  onChange: (search: LogSearch) => void
  problem: string | null
  /** How many lines match, and which of them is shown, from 0. */
  matches: number
  current: number | null
  onStep: (by: 1 | -1) => void
}

/** Text or expression, what it finds, and the way through it: Enter goes on, Shift Enter back. */
export function LogSearchBar({
  search,
  onChange,
  problem,
  matches,
  current,
  onStep,
}: LogSearchBarProps) {
  const isActive = search.text !== ''
  const result =
    problem ??
    (current === null
      ? counted(matches, 'match', 'matches')
      : `${count(current + 1)} of ${count(matches)}`)
  return (
    <div
      role="search"
      className="flex items-center gap-0.5"
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return
        event.preventDefault()
        onStep(event.shiftKey ? -1 : 1)
      }}
    >
      <SearchField
        label="Search log"
        value={search.text}
        onChange={(text) => onChange({ ...search, text })}
        className="mr-1 w-52"
      />
      <ToggleButton
        icon={CaseSensitive}
        label="Match case"
        pressed={search.matchCase}
        onChange={(matchCase) => onChange({ ...search, matchCase })}
      />
      <ToggleButton
        icon={Regex}
        label="Regular expression"
        pressed={search.isRegex}
        onChange={(isRegex) => onChange({ ...search, isRegex })}
      />
      <ToggleButton
        icon={ListFilter}
        label="Show matching lines only"
        pressed={search.onlyMatches}
        onChange={(onlyMatches) => onChange({ ...search, onlyMatches })}
      />
      {isActive && problem === null && (
        <>
          <IconButton
            icon={ArrowUp}
            label="Previous match"
            disabled={matches === 0}
            onClick={() => onStep(-1)}
          />
          <IconButton
            icon={ArrowDown}
            label="Next match"
            disabled={matches === 0}
            onClick={() => onStep(1)}
          />
        </>
      )}
      <span
        role="status"
        title={problem ?? undefined}
        className={`num ml-1 max-w-56 truncate text-sm ${problem === null ? 'text-muted' : 'text-bad'}`}
      >
        {isActive ? result : ''}
      </span>
    </div>
  )
}
