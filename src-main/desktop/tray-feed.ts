import { procedures } from '../../src-shared/api.ts'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import type { DesktopApi } from './desktop-api.ts'
import type { GatewayLink } from './gateway-link.ts'
import type { TrayState } from './tray-model.ts'

/** A burst of changes is drawn once. */
const settleMs = 100

/** Keeps what the tray shows up to date; `draw` gets it, at most ten times a second. */
export function followForTray(
  link: GatewayLink,
  api: DesktopApi,
  draw: (state: TrayState) => void,
): void {
  let servers = new Map<string, ServerRow>()
  let paused = false
  let looks = 0
  let timer: NodeJS.Timeout | undefined
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      const { gateway, problem, can_launch_at_login, launch_at_login, update } = api.state()
      draw({
        gateway,
        problem,
        paused,
        servers: [...servers.values()],
        launchAtLogin: { can: can_launch_at_login, on: launch_at_login },
        update,
      })
    }, settleMs)
  }
  const look = async (): Promise<void> => {
    if (link.state === 'own' || link.state === 'attached') {
      const mine = ++looks
      const [rows, info] = await Promise.all([
        link.call('servers.list', {}),
        link.call('gateway.info', {}),
      ])
      if (mine !== looks) return
      const list = procedures['servers.list'].output.parse(rows)
      servers = new Map(list.map((row) => [row.id, row]))
      ;({ paused } = procedures['gateway.info'].output.parse(info))
    } else servers.clear()
    soon()
  }
  // A gateway that ends while it is asked is told of by the next change.
  const lookAgain = (): void => void look().catch(() => {})
  link.onChange(lookAgain)
  api.onEvent((event) => {
    if (event.type === 'server') servers.set(event.server.id, event.server)
    else if (event.type === 'gateway') ({ paused } = event.info)
    else if (event.type === 'reload') return lookAgain()
    else if (event.type !== 'desktop') return
    soon()
  })
  lookAgain()
}
