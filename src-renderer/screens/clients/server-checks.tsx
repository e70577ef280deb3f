import type { ServerRow } from '../../../src-shared/api-servers.ts'

interface ServerChecksProps {
  legend: string
  servers: readonly Pick<ServerRow, 'id' | 'display_name'>[]
  chosen: ReadonlySet<string>
  onChange: (chosen: Set<string>) => void
}

/** Servers to tick. */
export function ServerChecks({ legend, servers, chosen, onChange }: ServerChecksProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-base font-medium">{legend}</legend>
      <div className="grid grid-cols-[repeat(auto-fill,minmax(160px,1fr))] gap-x-4">
        {servers.map(({ id, display_name: name }) => (
          <label key={id} className="flex h-7 min-w-0 items-center gap-2">
            <input
              type="checkbox"
              checked={chosen.has(id)}
              className="size-4 shrink-0 accent-accent"
              onChange={({ target }) => {
                const next = new Set(chosen)
                if (target.checked) next.add(id)
                else next.delete(id)
                onChange(next)
              }}
            />
            <span className="truncate">{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
