import { parseArgs } from 'node:util'
import type { SettingsFlags } from '../host/settings.ts'

/** What the app's command line may say. */
export interface DesktopOptions {
  /** Started at login: there is a tray icon (or a minimised window), and no window in the way. */
  hidden: boolean
  /** Where the window's memory and Chromium's profile are; for each, one app runs at a time. */
  dataFolder: string | undefined
  settings: SettingsFlags
}

/**
 * Never throws: Chromium's switches stand on the same command line, the system adds its own, and an app that does not
 * start because of a word tells nobody why.
 */
export function parseDesktopOptions(args: readonly string[]): DesktopOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      hidden: { type: 'boolean' },
      config: { type: 'string' },
      catalog: { type: 'string' },
      listen: { type: 'string' },
      'state-dir': { type: 'string' },
      'user-data-dir': { type: 'string' },
    },
  })
  return {
    hidden: values['hidden'] === true,
    dataFolder: textOf(values['user-data-dir']),
    settings: {
      config: textOf(values['config']),
      catalog: textOf(values['catalog']),
      listen: textOf(values['listen']),
      'state-dir': textOf(values['state-dir']),
      // Started from a menu or at login: ./config.yaml is whatever lies there.
      spawned: true,
    },
  }
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && !value.startsWith('-') ? value : undefined
}
