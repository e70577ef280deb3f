import { type ReactNode, useState } from 'react'
import { Input } from '../../components/field.tsx'
import { SettingRow } from './setting-row.tsx'
import { useSave } from './use-settings.ts'
import type { SettingsPatch } from '../../../src-shared/api.ts'

interface TextSettingProps {
  label: string
  help: ReactNode
  standard: string
  value: string
  waits: boolean
  /** What is wrong with a text, or undefined. */
  problemOf: (text: string) => string | undefined
  patchOf: (text: string) => SettingsPatch
  /** A warning about what is typed, before it is saved. */
  warning?: (text: string) => string | undefined
}

/** A line of text, saved with Enter or when it is left; Escape takes the old one back. */
export function TextSetting(props: TextSettingProps) {
  const { label, value, problemOf, patchOf } = props
  const { state, save } = useSave()
  const [draft, setDraft] = useState<string>()
  const [error, setError] = useState<string>()
  const text = draft ?? value
  const commit = async () => {
    if (draft === undefined || draft.trim() === value) return setDraft(undefined)
    const problem = problemOf(draft)
    setError(problem)
    if (problem === undefined && (await save(patchOf(draft.trim())))) setDraft(undefined)
  }
  return (
    <SettingRow
      label={label}
      help={props.help}
      warning={props.warning?.(text)}
      standard={props.standard}
      state={state}
      error={error}
      waits={props.waits && draft === undefined}
    >
      {(ids) => (
        <Input
          {...ids}
          value={text}
          spellCheck={false}
          onChange={(event) => {
            setDraft(event.target.value)
            setError(undefined)
          }}
          onBlur={() => void commit()}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void commit()
            if (event.key !== 'Escape' || draft === undefined) return
            setDraft(undefined)
            setError(undefined)
          }}
          className="font-mono text-sm"
        />
      )}
    </SettingRow>
  )
}
