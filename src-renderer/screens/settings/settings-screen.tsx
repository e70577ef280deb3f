import type { GatewayInfoView, SettingsView } from '../../../src-shared/api.ts'
import { PageHeader } from '../../components/page-header.tsx'
import { Select } from '../../components/select.tsx'
import { ErrorState, SkeletonText } from '../../components/states.tsx'
import { useDesktop } from '../../desktop.ts'
import { useRead } from '../../queries.ts'
import { setTheme, useTheme } from '../../theme.ts'
import { ClearHistory } from '../activity/clear-history.tsx'
import { SecretsPart } from '../secrets/secrets-part.tsx'
import { CopyRow } from './copy-row.tsx'
import { DesktopSettings } from './desktop-settings.tsx'
import { DurationSetting } from './duration-setting.tsx'
import { KeySetting } from './key-setting.tsx'
import { isOpenToNetwork, problemOfAddress } from './listen-address.ts'
import { RestartBanner } from './restart-banner.tsx'
import { SettingGroup, SettingRow } from './setting-row.tsx'
import { SwitchSetting } from './switch-setting.tsx'
import { TextSetting } from './text-setting.tsx'
import { useSave } from './use-settings.ts'

/** The gateway's own settings, saved one by one into its config file, and those of this window. */
export function SettingsScreen() {
  const settings = useRead('settings.get', {})
  const info = useRead('gateway.info', {})
  const desktop = useDesktop()
  return (
    <>
      <PageHeader title="Settings" />
      {settings.data !== undefined && (
        <RestartBanner keys={settings.data.restart_needed} desktop={desktop} />
      )}
      {settings.data === undefined && settings.isError ? (
        <ErrorState
          title="The settings could not be read."
          error={settings.error}
          onRetry={() => void settings.refetch()}
        />
      ) : (
        <div className="min-h-0 flex-1 overflow-auto px-5 py-5">
          <div className="max-w-[820px]">
            {settings.data === undefined ? (
              <SkeletonForm />
            ) : (
              <GatewaySettings settings={settings.data} />
            )}
            <SettingGroup title="Secrets">
              <SecretsPart />
            </SettingGroup>
            <WindowSettings />
            {desktop !== undefined && <DesktopSettings desktop={desktop} />}
            {info.data !== undefined && settings.data !== undefined && (
              <Files info={info.data} configPath={settings.data.config_path} />
            )}
          </div>
        </div>
      )}
    </>
  )
}

function GatewaySettings({ settings }: { settings: SettingsView }) {
  const waits = (key: string) => settings.restart_needed.includes(key)
  return (
    <>
      <SettingGroup title="Connection">
        <TextSetting
          label="Address"
          help="Host and port that the gateway listens on. Applies at its next start; port 0 picks a free one."
          standard="127.0.0.1:4444"
          value={settings.listen_addr}
          waits={waits('listen_addr')}
          problemOf={problemOfAddress}
          patchOf={(text) => ({ listen_addr: text })}
          warning={(text) => networkWarning(text, settings)}
        />
        <CopyRow
          label="URL for AI clients"
          help="All servers as one. For one server alone: /servers/<id>/mcp on the same host."
          text={`${settings.url}/mcp`}
        />
        <KeySetting source={settings.key_source} />
      </SettingGroup>
      <SettingGroup title="Servers">
        <DurationSetting
          label="Idle timeout"
          help="A server that nobody has used for so long is stopped. A server’s own setting in the catalog wins."
          standard="5 minutes"
          seconds={settings.idle_timeout_seconds}
          waits={waits('idle_timeout_seconds')}
          zero="never"
          patchOf={(seconds) => ({ idle_timeout_seconds: seconds })}
        />
        <DurationSetting
          label="Request timeout"
          help="A request without an answer or progress for so long fails. A server’s own setting wins."
          standard="30 seconds"
          seconds={settings.request_timeout_seconds}
          waits={waits('request_timeout_seconds')}
          patchOf={(seconds) => ({ request_timeout_seconds: seconds })}
        />
        <SwitchSetting
          label="Hot reload"
          help="An edit of the catalog file applies by itself, half a second after it was saved."
          standard="on"
          on={settings.hot_reload}
          waits={waits('hot_reload')}
          patchOf={(on) => ({ hot_reload: on })}
        />
      </SettingGroup>
      <SettingGroup title="Records">
        <SwitchSetting
          label="History of requests"
          help="The last requests are kept on this machine, secrets masked, to be read and replayed in Activity."
          standard="on"
          on={settings.history}
          waits={waits('history')}
          patchOf={(on) => ({ history: on })}
        />
        <SettingRow
          label="Kept requests"
          help="Removes what the history has kept until now; new requests are kept as before."
        >
          {() => <ClearHistory />}
        </SettingRow>
        <LogLevelSetting settings={settings} waits={waits('log_level')} />
      </SettingGroup>
    </>
  )
}

const levels: readonly SettingsView['log_level'][] = ['error', 'warn', 'info', 'debug', 'trace']

function LogLevelSetting({ settings, waits }: { settings: SettingsView; waits: boolean }) {
  const { state, save } = useSave()
  return (
    <SettingRow
      label="Log level"
      help="How much the gateway writes into its own log. What servers print is in Logs at any level."
      standard="info"
      state={state}
      waits={waits}
    >
      {(ids) => (
        <Select
          {...ids}
          value={settings.log_level}
          onChange={(event) => {
            const level = levels.find((one) => one === event.target.value)
            if (level !== undefined) void save({ log_level: level })
          }}
          className="w-28"
        >
          {levels.map((level) => (
            <option key={level} value={level}>
              {level}
            </option>
          ))}
        </Select>
      )}
    </SettingRow>
  )
}

function WindowSettings() {
  const theme = useTheme()
  return (
    <SettingGroup title="Window">
      <SettingRow
        label="Theme"
        help="Colours of this window, kept in this browser or app."
        standard="as the system has it"
      >
        {(ids) => (
          <Select
            {...ids}
            value={theme}
            onChange={({ target: { value } }) =>
              setTheme(value === 'light' || value === 'dark' ? value : 'system')
            }
            className="w-28"
          >
            <option value="system">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </Select>
        )}
      </SettingRow>
    </SettingGroup>
  )
}

function Files({ info, configPath }: { info: GatewayInfoView; configPath: string }) {
  return (
    <SettingGroup title="Files">
      <CopyRow
        label="Config"
        help="Where these settings are written; made at the first change."
        text={configPath}
      />
      <CopyRow
        label="Catalog"
        help="The servers; edit it here or with any editor."
        text={info.catalog_path}
      />
      <CopyRow label="State" help="Key, caches, history and records." text={info.state_dir} />
      <p className="num py-3 text-muted">
        Open MCP Gateway {info.version}, {info.platform}, process {info.pid}
      </p>
    </SettingGroup>
  )
}

/** Beyond loopback it starts only with a key that somebody has chosen. */
function networkWarning(address: string, { key_source: source }: SettingsView): string | undefined {
  if (problemOfAddress(address) !== undefined || !isOpenToNetwork(address)) return undefined
  return source === 'config' || source === 'environment'
    ? 'Other machines can reach this address; they need the key.'
    : 'Other machines can reach this address. The gateway starts there only with an api_key in the config file, or MCP_GATEWAY_API_KEY.'
}

function SkeletonForm() {
  return (
    <div className="mb-8 flex flex-col gap-8">
      {[3, 3, 2].map((lines, index) => (
        <SkeletonText key={index} lines={lines * 2} />
      ))}
    </div>
  )
}
