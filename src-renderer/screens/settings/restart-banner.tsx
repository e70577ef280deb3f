import type { DesktopState } from '../../../src-shared/api.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { useAct } from '../../queries.ts'

const names: Readonly<Record<string, string>> = {
  listen_addr: 'Address',
  idle_timeout_seconds: 'Idle timeout',
  request_timeout_seconds: 'Request timeout',
  log_level: 'Log level',
  hot_reload: 'Hot reload',
  history: 'History',
}

interface RestartBannerProps {
  /** Keys of the config file. */
  keys: readonly string[]
  desktop: DesktopState | undefined
}

/** What is written but not in force, and how it comes to be. */
export function RestartBanner({ keys, desktop }: RestartBannerProps) {
  const restart = useAct('desktop.restart_gateway')
  if (keys.length === 0) return null
  const run = () => {
    restart.mutateAsync({}).then(
      () => notify({ title: 'The gateway has started anew' }),
      (thrown: unknown) => notifyFailure('The gateway did not start anew.', thrown),
    )
  }
  const list = keys.map((key) => names[key] ?? key)
  return (
    <Banner
      kind="warn"
      className="border-b border-line"
      actions={
        desktop?.gateway === 'own' ? (
          <Button size="small" busy={restart.isPending} onClick={run}>
            Restart gateway
          </Button>
        ) : undefined
      }
    >
      {new Intl.ListFormat('en').format(list)} {list.length === 1 ? 'applies' : 'apply'} at the
      gateway’s next start.
      {desktop?.gateway !== 'own' && ' Stop it and start it again the way you started it.'}
    </Banner>
  )
}
