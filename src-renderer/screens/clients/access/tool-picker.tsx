import { useId, useState } from 'react'
import { messageOf } from '../../../api-error.ts'
import { Select } from '../../../components/select.tsx'
import { SkeletonText } from '../../../components/states.tsx'
import { useRead } from '../../../queries.ts'
import { ruleOf, withTool, type LimitsDraft, type ToolRule } from './limits-draft.ts'

interface ToolPickerProps {
  servers: readonly { id: string; display_name: string; enabled: boolean }[]
  draft: LimitsDraft
  onChange: (draft: LimitsDraft) => void
}

/** The tools of a server, each to be hidden from the client or shown; the list is asked for when a server is chosen. */
export function ToolPicker({ servers, draft, onChange }: ToolPickerProps) {
  const [chosen, setChosen] = useState('')
  const label = useId()
  const offered = servers.filter(({ enabled }) => enabled)
  const server = offered.find(({ id }) => id === chosen)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-3">
        <label htmlFor={label}>Choose from the tools of</label>
        <Select
          id={label}
          value={server?.id ?? ''}
          onChange={({ target }) => setChosen(target.value)}
          className="w-48"
        >
          <option value="">a server …</option>
          {offered.map(({ id, display_name: name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </div>
      {server !== undefined && (
        <ServerTools
          key={server.id}
          id={server.id}
          name={server.display_name}
          draft={draft}
          onChange={onChange}
        />
      )}
    </div>
  )
}

interface ServerToolsProps {
  id: string
  name: string
  draft: LimitsDraft
  onChange: (draft: LimitsDraft) => void
}

function ServerTools({ id, name, draft, onChange }: ServerToolsProps) {
  const lists = useRead('server.lists', { id })
  if (lists.isError) return <p className="wrap-anywhere text-bad">{messageOf(lists.error)}</p>
  if (lists.data === undefined) return <SkeletonText lines={2} />
  const tools = lists.data.tools.flatMap(({ name: tool }) =>
    typeof tool === 'string' ? [tool] : [],
  )
  if (tools.length === 0) return <p className="text-muted">{name} has no tools.</p>
  return (
    <fieldset className="grid max-h-56 grid-cols-[repeat(auto-fill,minmax(200px,1fr))] gap-x-4 overflow-auto rounded border border-line px-3 py-1.5">
      <legend className="sr-only">Tools of {name}</legend>
      {tools.map((tool) => {
        const full = `${id}__${tool}`
        const rule = ruleOf(full, draft)
        const why = whyFixed(rule)
        return (
          <label key={tool} title={why} className="flex min-h-7 min-w-0 items-center gap-2">
            <input
              type="checkbox"
              checked={rule.isAllowed}
              disabled={why !== undefined}
              className="size-4 shrink-0 accent-accent"
              onChange={({ target }) => onChange(withTool(draft, full, target.checked))}
            />
            <span className="truncate font-mono text-sm">{tool}</span>
            {why !== undefined && <span className="truncate text-xs text-muted">{why}</span>}
          </label>
        )
      })}
    </fieldset>
  )
}

/** A pattern decides: it is changed where it stands. */
function whyFixed(rule: ToolRule): string | undefined {
  if (rule.isAllowed || rule.by === 'itself') return undefined
  return 'pattern' in rule ? `hidden by ${rule.pattern}` : 'not among those allowed'
}
