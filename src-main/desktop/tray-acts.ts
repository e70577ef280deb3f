import { signInLink } from '../../src-shared/sign-in.ts'
import type { DesktopApi } from './desktop-api.ts'
import type { GatewayLink } from './gateway-link.ts'
import type { Quit } from './quit.ts'
import { openInBrowser } from './system-browser.ts'
import type { TrayAct } from './tray-model.ts'
import type { MainWindow } from './window.ts'

interface Actors {
  api: DesktopApi
  link: GatewayLink
  quit: Quit
  window: MainWindow
}

/** What a click in the tray does. What fails is shown where the thing is: in the window. */
export function actOnTray({ api, link, quit, window }: Actors): (act: TrayAct) => void {
  const run = async (act: TrayAct): Promise<void> => {
    switch (act.do) {
      case 'show':
        return window.show(act.route)
      case 'start':
      case 'stop':
      case 'restart':
        await link.call(`server.${act.do}`, { id: act.id })
        return
      case 'sign-in': {
        const started = await link.call('sign_in.start', { id: act.id })
        return openInBrowser(signInLink.parse(started).url)
      }
      case 'pause':
      case 'resume':
        await link.call(`gateway.${act.do}`, {})
        return
      case 'retry':
        return link.restart()
      case 'launch-at-login':
        return api.launchAtLogin(act.on)
      case 'update':
        await api.answer('desktop.update', {})
        return
      case 'quit':
        return quit.now()
    }
  }
  return (act) => {
    run(act).catch(() => window.show(screenOf(act)))
  }
}

function screenOf(act: TrayAct): string {
  if ('id' in act) return `#/servers/${encodeURIComponent(act.id)}`
  return act.do === 'launch-at-login' ? '#/settings' : '#/servers'
}
