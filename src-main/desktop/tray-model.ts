import { actionWords, statusMarks } from '../../src-shared/action-words.ts'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import type { DesktopState } from '../../src-shared/api.ts'
import { issuerHost, shownState, type ShownState } from '../../src-shared/shown-state.ts'

/** What the tray is made from. */
export interface TrayState {
  gateway: DesktopState['gateway']
  /** Why there is no gateway. */
  problem: string | null
  paused: boolean
  servers: readonly Pick<
    ServerRow,
    'id' | 'display_name' | 'status' | 'reason' | 'enabled' | 'sign_in'
  >[]
  launchAtLogin: { can: boolean; on: boolean }
  update: DesktopState['update']
}

/** The pictures of resources/tray: the worst state of all servers. */
export type TrayIcon = 'running' | 'changing' | 'stopped' | 'attention' | 'unhealthy'

export type TrayAct =
  | { do: 'show'; route?: string }
  | { do: 'start' | 'stop' | 'restart' | 'sign-in'; id: string }
  | { do: 'pause' | 'resume' | 'retry' | 'update' | 'quit' }
  | { do: 'launch-at-login'; on: boolean }

export type TrayItem =
  | { type: 'separator' }
  /** Words that cannot be clicked. */
  | { type: 'text'; label: string }
  | { type: 'act'; label: string; act: TrayAct; enabled: boolean }
  | { type: 'checkbox'; label: string; act: TrayAct; checked: boolean }
  | { type: 'submenu'; label: string; items: TrayItem[] }

export interface TrayModel {
  icon: TrayIcon
  tooltip: string
  items: TrayItem[]
}

/** A menu is looked through from top to bottom: more than this is for the window, with its search. */
const maxServers = 12
const maxReasonLength = 80

/** The tray's picture, words and menu. Pure: the same state gives the same tray. */
export function trayModel(state: TrayState): TrayModel {
  return {
    icon: iconOf(state),
    tooltip: `Open MCP Gateway: ${summaryOf(state)}`,
    items: [
      { type: 'text', label: sentence(summaryOf(state)) },
      act(actionWords.openWindow, { do: 'show' }),
      separator,
      ...serverItems(state),
      ...gatewayItems(state),
      ...appItems(state),
    ],
  }
}

function iconOf({ gateway, paused, servers }: TrayState): TrayIcon {
  if (gateway === 'none') return 'unhealthy'
  if (gateway === 'starting') return 'changing'
  const has = (...states: ShownState[]): boolean =>
    servers.some((server) => states.includes(shownState(server)))
  if (has('unhealthy')) return 'unhealthy'
  if (has('sign_in_needed')) return 'attention'
  if (has('starting', 'stopping', 'signing_in')) return 'changing'
  return has('running') && !paused ? 'running' : 'stopped'
}

function summaryOf({ gateway, problem, paused, servers }: TrayState): string {
  if (gateway === 'none') return `no gateway. ${shortened(problem ?? '')}`.trim()
  if (gateway === 'starting') return 'starting'
  if (paused) return 'paused'
  if (servers.length === 0) return 'no servers yet'
  const unhealthy = servers.filter(({ status }) => status === 'unhealthy')
  const [first] = unhealthy
  if (first !== undefined && unhealthy.length === 1) return `${first.display_name} is unhealthy`
  if (first !== undefined) return `${unhealthy.length} servers are unhealthy`
  const waiting = servers.filter((server) => shownState(server) === 'sign_in_needed')
  const [one] = waiting
  if (one !== undefined && waiting.length === 1) return `${one.display_name} needs a sign-in`
  if (one !== undefined) return `${waiting.length} servers need a sign-in`
  const running = servers.filter(({ status }) => status === 'running').length
  return `${running} of ${servers.length} servers ${running === 1 ? 'runs' : 'run'}`
}

function serverItems({ gateway, paused, servers }: TrayState): TrayItem[] {
  if (gateway === 'none' || gateway === 'starting' || servers.length === 0) return []
  const byState = servers.toSorted(
    (a, b) =>
      ranks[shownState(a)] - ranks[shownState(b)] ||
      a.display_name.localeCompare(b.display_name) ||
      a.id.localeCompare(b.id),
  )
  // One more line would take as much room as the server that it stands for.
  const shown = servers.length <= maxServers + 1 ? byState : byState.slice(0, maxServers)
  const more = servers.length - shown.length
  return [
    ...shown.map((server) => serverItem(server, paused)),
    ...(more > 0 ? [act(`${more} more in the window…`, { do: 'show', route: '#/servers' })] : []),
    separator,
  ]
}

/** Who needs looking after comes first. */
const ranks: Record<ShownState, number> = {
  unhealthy: 0,
  sign_in_needed: 1,
  signing_in: 2,
  starting: 2,
  stopping: 2,
  running: 3,
  stopped: 4,
}

function serverItem(server: TrayState['servers'][number], paused: boolean): TrayItem {
  const { id, display_name, status, enabled } = server
  const state = shownState(server)
  const { mark } = statusMarks[state]
  const signsIn = state === 'sign_in_needed' || state === 'signing_in'
  const isUp = status === 'running' || status === 'starting' || status === 'unhealthy'
  const canStart = enabled && !paused
  return {
    type: 'submenu',
    label: `${mark} ${display_name}`,
    items: [
      { type: 'text', label: stateInWords(server) },
      ...(signsIn ? [act(actionWords.signIn, { do: 'sign-in', id })] : []),
      act(
        actionWords.start,
        { do: 'start', id },
        canStart && (status === 'stopped' || status === 'unhealthy'),
      ),
      act(actionWords.stop, { do: 'stop', id }, isUp),
      act(actionWords.restart, { do: 'restart', id }, canStart && isUp),
    ],
  }
}

function stateInWords(server: TrayState['servers'][number]): string {
  const state = shownState(server)
  const { word } = statusMarks[state]
  const host = issuerHost(server.sign_in?.issuer ?? null)
  if (state === 'signing_in') return `${word}: waiting for the browser`
  if (state === 'sign_in_needed') {
    const why = server.sign_in?.problem ?? (host === null ? null : `at ${host}`)
    return why === null ? word : shortened(`${word}: ${why}`)
  }
  return server.reason === '' ? word : shortened(`${word}: ${server.reason}`)
}

function gatewayItems({ gateway, paused, servers }: TrayState): TrayItem[] {
  if (gateway === 'starting') return []
  if (gateway === 'none') return [act(actionWords.tryAgain, { do: 'retry' }), separator]
  return [
    act(`${actionWords.connectClients}…`, { do: 'show', route: '#/clients' }),
    paused
      ? act(actionWords.resumeAll, { do: 'resume' })
      : act(actionWords.pauseAll, { do: 'pause' }, servers.length > 0),
    separator,
  ]
}

function appItems({ launchAtLogin: { can, on }, update }: TrayState): TrayItem[] {
  return [
    ...(can
      ? [
          {
            type: 'checkbox' as const,
            label: actionWords.launchAtLogin,
            act: { do: 'launch-at-login' as const, on: !on },
            checked: on,
          },
        ]
      : []),
    ...(update.state === 'ready' ? [act(actionWords.restartToUpdate, { do: 'update' })] : []),
    act(actionWords.quit, { do: 'quit' }),
  ]
}

const separator: TrayItem = { type: 'separator' }

function act(label: string, what: TrayAct, enabled = true): TrayItem {
  return { type: 'act', label, act: what, enabled }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function shortened(text: string): string {
  return text.length <= maxReasonLength ? text : `${text.slice(0, maxReasonLength - 1)}…`
}
