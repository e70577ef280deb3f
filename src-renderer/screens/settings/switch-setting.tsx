import type { SettingsPatch } from '../../../src-shared/api.ts'
import { Switch } from '../../components/switch.tsx'
import { SettingRow } from './setting-row.tsx'
import { useSave } from './use-settings.ts'

interface SwitchSettingProps {
  label: string
  help: string
  standard: string
  on: boolean
  waits: boolean
  patchOf: (on: boolean) => SettingsPatch
}

export function SwitchSetting({ label, help, standard, on, waits, patchOf }: SwitchSettingProps) {
  const { state, save } = useSave()
  return (
    <SettingRow label={label} help={help} standard={standard} state={state} waits={waits}>
      {(ids) => (
        <Switch {...ids} checked={on} onCheckedChange={(next) => void save(patchOf(next))} />
      )}
    </SettingRow>
  )
}
