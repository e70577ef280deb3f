import type { ShownState } from './shown-state.ts'

/** What the tray, the palette and the screens call the same act. Plain words; sentence case. */
export const actionWords = {
  openWindow: 'Open window',
  connectClients: 'Connect clients',
  importServers: 'Import servers',
  giveAccess: 'Give access',
  pauseAll: 'Pause all servers',
  resumeAll: 'Resume',
  launchAtLogin: 'Launch at login',
  reloadCatalog: 'Reload catalog',
  addServer: 'Add server',
  editCatalog: 'Edit catalog',
  checkForUpdates: 'Check for updates',
  restartToUpdate: 'Restart to update',
  quit: 'Quit',
  tryAgain: 'Try again',
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  signIn: 'Sign in',
  signOut: 'Sign out',
} as const

/** The same with its object: "Start Postgres". */
export function actOn(act: 'start' | 'stop' | 'restart', displayName: string): string {
  return `${actionWords[act]} ${displayName}`
}

/** "Sign in to Linear". */
export function signInTo(displayName: string): string {
  return `${actionWords.signIn} to ${displayName}`
}

/** The windows' screens in the rail's order. */
export const screenWords = {
  servers: 'Servers',
  activity: 'Activity',
  catalog: 'Catalog',
  clients: 'Clients',
  logs: 'Logs',
  settings: 'Settings',
} as const

/** The mark of each state, never colour alone, and its word for readers. */
export const statusMarks = {
  running: { mark: '●', word: 'Running' },
  starting: { mark: '◐', word: 'Starting' },
  stopping: { mark: '◐', word: 'Stopping' },
  stopped: { mark: '○', word: 'Stopped' },
  unhealthy: { mark: '▲', word: 'Unhealthy' },
  sign_in_needed: { mark: '◆', word: 'Sign-in needed' },
  signing_in: { mark: '◐', word: 'Signing in' },
} as const satisfies Record<ShownState, { mark: string; word: string }>
