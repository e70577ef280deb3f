import type { SettingsView } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `settings.*`, `key.*`. */
export function settingsProcedures(parts: Parts): ProceduresOf<'settings'> & ProceduresOf<'key'> {
  const { config, key, url } = parts
  const view = async (): Promise<SettingsView> => {
    const { values, differing } = await config.read()
    return {
      config_path: config.path,
      url: url(),
      listen_addr: values.listen_addr,
      auth: values.auth,
      key_source: key.source,
      idle_timeout_seconds: values.idle_timeout_seconds,
      request_timeout_seconds: values.request_timeout_seconds,
      log_level: values.log_level,
      hot_reload: values.hot_reload,
      history: values.history,
      restart_needed: differing,
    }
  }
  return {
    'settings.get': view,
    'settings.set': async (patch) => {
      await config.set(patch)
      return view()
    },
    'key.reveal': () => {
      const text = key.current()
      if (text === undefined)
        throw new GatewayError(
          'not_found',
          'The config says auth: none; the gateway asks for no key.',
        )
      return { key: text }
    },
    'key.rotate': (_input, { caller }) => ({ key: key.rotate(caller.session) }),
  }
}
