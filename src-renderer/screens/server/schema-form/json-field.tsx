import { useState } from 'react'
import { TextArea } from '../../../components/field.tsx'
import { FieldShell } from './field-shell.tsx'
import type { KindProps } from './form-context.tsx'

/** JSON as it is written; the value follows whenever it can be read. */
export function JsonField(props: KindProps) {
  const { value, onChange } = props
  return (
    <FieldShell {...props}>
      {(ids) => <JsonText {...ids} value={value} onChange={onChange} minLines={2} />}
    </FieldShell>
  )
}

interface JsonTextProps {
  id?: string
  'aria-label'?: string
  'aria-describedby'?: string | undefined
  value: unknown
  onChange: (value: unknown) => void
  /** Told whether the text is JSON. */
  onValid?: (valid: boolean) => void
  minLines: number
}

/** A text that is kept in step with a value: it is written anew only when the value comes from elsewhere. */
export function JsonText({ value, onChange, onValid, minLines, ...props }: JsonTextProps) {
  const [written, setWritten] = useState<{ text: string; value: unknown }>()
  const isMine = written !== undefined && written.value === value
  const text = isMine ? written.text : inJson(value)
  const problem = problemIn(text)
  return (
    <>
      <TextArea
        {...props}
        className="max-h-[50vh] font-mono text-sm [field-sizing:content]"
        style={{ minHeight: minLines * 20 + 14 }}
        aria-invalid={problem !== undefined || undefined}
        value={text}
        onChange={(event) => {
          const next = event.target.value
          const valid = problemIn(next) === undefined
          const parsed: unknown = !valid ? value : next.trim() === '' ? undefined : JSON.parse(next)
          setWritten({ text: next, value: parsed })
          onValid?.(valid)
          if (valid) onChange(parsed)
        }}
      />
      {problem !== undefined && <p className="text-sm text-bad">{problem}</p>}
    </>
  )
}

function inJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2)
}

function problemIn(text: string): string | undefined {
  if (text.trim() === '') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (thrown) {
    return `Not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}
