import { Plus, X } from 'lucide-react'
import { Button, IconButton } from '../../../components/button.tsx'
import { Input } from '../../../components/field.tsx'
import type { EnvRow } from './draft.ts'

interface EnvFieldsProps {
  rows: readonly EnvRow[]
  problem: string | undefined
  onChange: (rows: readonly EnvRow[]) => void
}

/** Variables by name and value; `${NAME}` in a value is looked up when the server starts. */
export function EnvFields({ rows, problem, onChange }: EnvFieldsProps) {
  const change = (index: number, part: Partial<EnvRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row)))
  const nextKey = Math.max(-1, ...rows.map(({ key }) => key)) + 1
  return (
    <div role="group" aria-label="Variables" className="flex flex-col items-start gap-2">
      <span className="font-medium">Variables</span>
      {rows.map((row, index) => (
        <div key={row.key} className="flex w-full items-center gap-2">
          <Input
            aria-label={`Name of variable ${index + 1}`}
            className="max-w-56 font-mono text-sm"
            placeholder="NAME"
            value={row.name}
            onChange={(event) => change(index, { name: event.target.value })}
          />
          <Input
            aria-label={`Value of ${row.name === '' ? `variable ${index + 1}` : row.name}`}
            className="font-mono text-sm"
            placeholder="value or ${NAME}"
            value={row.value}
            onChange={(event) => change(index, { value: event.target.value })}
          />
          <IconButton
            icon={X}
            label={`Remove ${row.name === '' ? `variable ${index + 1}` : row.name}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {problem !== undefined && <p className="text-sm text-bad">{problem}</p>}
      <Button
        size="small"
        icon={Plus}
        onClick={() => onChange([...rows, { key: nextKey, name: '', value: '' }])}
      >
        Add variable
      </Button>
      <p className="text-sm text-muted">
        Keep secrets out of the catalog: write {'${secret:NAME}'} and set NAME in Settings.
      </p>
    </div>
  )
}
