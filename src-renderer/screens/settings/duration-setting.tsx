import { useState } from 'react'
import type { SettingsPatch } from '../../../src-shared/api.ts'
import { Input } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { type DurationUnit, durationUnits, readDuration, splitDuration } from './duration-units.ts'
import { SettingRow } from './setting-row.tsx'
import { useSave } from './use-settings.ts'

interface DurationSettingProps {
  label: string
  help: string
  standard: string
  seconds: number
  waits: boolean
  /** The word for 0; without one, 0 is not allowed. */
  zero?: string
  patchOf: (seconds: number) => SettingsPatch
}

interface Draft {
  text: string
  unit: DurationUnit
}

/** A number and its unit; or a word for no end at all. */
export function DurationSetting(props: DurationSettingProps) {
  const { label, help, standard, seconds, waits, zero, patchOf } = props
  const { state, save } = useSave()
  const [draft, setDraft] = useState<Draft>()
  const [error, setError] = useState<string>()
  const { amount, unit } = splitDuration(seconds)
  const isZero = zero !== undefined && seconds === 0 && draft === undefined
  const shown = draft ?? { text: String(amount), unit }

  const commit = async (next: Draft | undefined) => {
    if (next === undefined) return
    const read = readDuration(next.text, next.unit, zero === undefined ? 1 : 0)
    setError('error' in read ? read.error : undefined)
    if ('error' in read) return
    if (read.seconds === seconds || (await save(patchOf(read.seconds)))) setDraft(undefined)
  }
  const choose = (value: string) => {
    if (value === 'zero') {
      setDraft(undefined)
      setError(undefined)
      void save(patchOf(0))
      return
    }
    const chosen = durationUnits.find((one) => one === value)
    if (chosen === undefined) return
    // From "never", a number is needed first: the usual one.
    const next = isZero ? { text: '5', unit: chosen } : { ...shown, unit: chosen }
    setDraft(next)
    void commit(next)
  }
  return (
    <SettingRow
      label={label}
      help={help}
      standard={standard}
      state={state}
      error={error}
      waits={waits && draft === undefined}
    >
      {(ids) => (
        <>
          {!isZero && (
            <Input
              {...ids}
              inputMode="decimal"
              value={shown.text}
              onChange={(event) => {
                setDraft({ ...shown, text: event.target.value })
                setError(undefined)
              }}
              onBlur={() => void commit(draft)}
              onKeyDown={(event) => {
                if (event.key === 'Enter') void commit(draft)
                if (event.key !== 'Escape' || draft === undefined) return
                setDraft(undefined)
                setError(undefined)
              }}
              className="num max-w-20 text-right"
            />
          )}
          <Select
            {...(isZero ? ids : { 'aria-describedby': ids['aria-describedby'] })}
            aria-label={`${label}: unit`}
            value={isZero ? 'zero' : shown.unit}
            onChange={(event) => choose(event.target.value)}
            className="w-28"
          >
            {durationUnits.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
            {zero !== undefined && <option value="zero">{zero}</option>}
          </Select>
        </>
      )}
    </SettingRow>
  )
}
