import { useQueryClient } from '@tanstack/react-query'
import { actionWords } from '../../../src-shared/action-words.ts'
import type { DesktopState, ProcedureOutput } from '../../../src-shared/api.ts'
import { Button } from '../../components/button.tsx'
import { Switch } from '../../components/switch.tsx'
import { notifyFailure } from '../../components/toast.tsx'
import { keyOf, useAct } from '../../queries.ts'
import { SettingGroup, SettingRow } from './setting-row.tsx'

/** What only the app can do. */
export function DesktopSettings({ desktop }: { desktop: DesktopState }) {
  const cache = useQueryClient()
  const set = useAct('desktop.set')
  const update = useAct('desktop.update')
  const keep = (state: ProcedureOutput<'desktop.get'>) =>
    cache.setQueryData(keyOf('desktop.get', {}), state)
  const launch = (on: boolean) => {
    set
      .mutateAsync({ launch_at_login: on })
      .then(keep, (thrown: unknown) =>
        notifyFailure('Launching at login could not be changed.', thrown),
      )
  }
  const runUpdate = () => {
    update
      .mutateAsync({})
      .then(keep, (thrown: unknown) => notifyFailure('There was no look for updates.', thrown))
  }
  const { state, version, message } = desktop.update
  return (
    <SettingGroup title="App">
      <SettingRow
        label={actionWords.launchAtLogin}
        help={
          desktop.can_launch_at_login
            ? 'The app starts in the tray when you sign in, so that your servers are there.'
            : 'This system gives the app no way to start when you sign in.'
        }
        standard="off"
      >
        {(ids) => (
          <Switch
            {...ids}
            checked={desktop.launch_at_login}
            disabled={!desktop.can_launch_at_login || set.isPending}
            onCheckedChange={launch}
          />
        )}
      </SettingRow>
      <SettingRow label="Updates" help={message === '' ? updateHelps[state] : message}>
        {() =>
          state === 'unavailable' ? (
            <span className="text-muted">Not available</span>
          ) : (
            <Button
              kind={state === 'ready' ? 'primary' : 'plain'}
              busy={update.isPending || state === 'checking' || state === 'downloading'}
              onClick={runUpdate}
            >
              {state === 'ready'
                ? `${actionWords.restartToUpdate}${version === null ? '' : ` to ${version}`}`
                : actionWords.checkForUpdates}
            </Button>
          )
        }
      </SettingRow>
    </SettingGroup>
  )
}

const updateHelps: Record<DesktopState['update']['state'], string> = {
  unavailable: 'This installation is updated by what installed it.',
  idle: 'The app looks for a new version by itself, now and then.',
  checking: 'Looking for a new version.',
  downloading: 'Loading the new version.',
  ready: 'A new version is loaded. It is installed when the app starts anew.',
  failed: 'The last look for a new version failed.',
}
