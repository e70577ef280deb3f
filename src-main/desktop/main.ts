import path from 'node:path'
import { app, powerMonitor } from 'electron'
import { registerAppScheme, setupAppProtocol } from './app-protocol.ts'
import { attachGateway } from './attached-gateway.ts'
import { DesktopApi } from './desktop-api.ts'
import { GatewayLink } from './gateway-link.ts'
import { setupIpc } from './ipc.ts'
import { setupLoginItem, wasOpenedAtLogin } from './login-item.ts'
import { setupMenu } from './menu.ts'
import { setupNavigation } from './navigation.ts'
import { parseDesktopOptions } from './options.ts'
import { hostGateway } from './own-gateway.ts'
import { setupCrash, setupQuit } from './quit.ts'
import { isFirstInstance } from './single-instance.ts'
import { hasTrayHost } from './tray-host.ts'
import { setupTray } from './tray.ts'
import { actOnTray } from './tray-acts.ts'
import { followForTray } from './tray-feed.ts'
import { setupUpdater } from './updater.ts'
import { MainWindow } from './window.ts'

/** The desktop app, in the order of its life. */
function main(): void {
  const { hidden, dataFolder, settings } = parseDesktopOptions(process.argv.slice(1))
  if (dataFolder !== undefined) app.setPath('userData', path.resolve(dataFolder))
  let window: MainWindow | undefined
  if (!isFirstInstance(() => window?.show())) return
  const link = new GatewayLink({ flags: settings, host: hostGateway, attach: attachGateway })
  setupCrash(link)
  app.enableSandbox()
  registerAppScheme()
  if (process.platform === 'win32') app.setAppUserModelId('io.github.open-mcp-gateway')
  void app.whenReady().then(async () => {
    const gatewayUp = link.start()
    const hasTray = await hasTrayHost()
    setupAppProtocol()
    setupNavigation()
    setupMenu()
    const updater = setupUpdater()
    const main = new MainWindow({ hasTray, link })
    const quit = setupQuit({ link, onLeave: () => main.leave() })
    const api = new DesktopApi({
      link,
      updater,
      hasTray,
      loginItem: setupLoginItem(),
      quit: () => quit.now(),
      install: () => quit.after(() => updater.install()),
    })
    setupIpc(api, () => main.current)
    if (hasTray) {
      const tray = setupTray(actOnTray({ api, link, quit, window: main }))
      followForTray(link, api, (state) => tray.render(state))
    }
    powerMonitor.on('resume', () => link.checkHealth())
    window = main
    if (!hidden && !wasOpenedAtLogin()) main.show()
    else if (!hasTray) main.showMinimized()
    await gatewayUp
  })
}

main()
