import { Copy, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import type { SettingsView } from '../../../src-shared/api.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { copyText } from '../../components/copy.ts'
import { Dialog } from '../../components/dialog.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { useAct, useGateway } from '../../queries.ts'
import { SettingRow } from './setting-row.tsx'

const helps: Record<SettingsView['key_source'], string> = {
  generated:
    'Opens everything, this dashboard too: for scripts and for clients that cannot have a token of their own. Made by the gateway.',
  config: 'Opens everything. It is written in the config file (api_key); change it there.',
  environment: 'Opens everything. It comes from MCP_GATEWAY_API_KEY; change it where that is set.',
  none: 'The config says auth: none. Every program on this machine can use the gateway.',
}

/** The main key: show, copy, and for one that the gateway has made, a new one. */
export function KeySetting({ source }: { source: SettingsView['key_source'] }) {
  const gateway = useGateway()
  const [shown, setShown] = useState<string>()
  const [asks, setAsks] = useState(false)
  const rotate = useAct('key.rotate')
  const withKey = (use: (key: string) => void) => {
    gateway.call('key.reveal', {}).then(
      ({ key }) => use(key),
      (thrown: unknown) => notifyFailure('The key could not be read.', thrown),
    )
  }
  const runRotate = () => {
    rotate.mutateAsync({}).then(
      ({ key }) => {
        setAsks(false)
        setShown(key)
        notify({ title: 'The key is new', description: 'The old one is refused from now on.' })
      },
      (thrown: unknown) => notifyFailure('The key was not changed.', thrown),
    )
  }
  return (
    <SettingRow label="Key" help={helps[source]}>
      {({ id, ...ids }) =>
        source === 'none' ? (
          <span className="text-muted">No key</span>
        ) : (
          <>
            <output
              id={id}
              {...ids}
              className="min-w-0 flex-1 text-right font-mono text-sm wrap-anywhere"
            >
              {shown ?? '••••••••••••'}
            </output>
            <IconButton
              icon={shown === undefined ? Eye : EyeOff}
              label={shown === undefined ? 'Show key' : 'Hide key'}
              onClick={() => (shown === undefined ? withKey(setShown) : setShown(undefined))}
            />
            <IconButton
              icon={Copy}
              label="Copy key"
              onClick={() => withKey((key) => copyText(key, 'Key'))}
            />
            {source === 'generated' && <Button onClick={() => setAsks(true)}>New key</Button>}
            <Dialog
              open={asks}
              onOpenChange={setAsks}
              title="Replace the gateway’s key?"
              footer={
                <>
                  <Button onClick={() => setAsks(false)}>Cancel</Button>
                  <Button kind="danger" busy={rotate.isPending} onClick={runRotate}>
                    Replace key
                  </Button>
                </>
              }
            >
              <p className="text-prose">
                The old key is refused at once. Scripts and AI clients that hold it fail until they
                get the new one, and other open dashboards are signed out. Clients that reach the
                gateway through gateway-stdio or with a token of their own go on working.
              </p>
            </Dialog>
          </>
        )
      }
    </SettingRow>
  )
}
