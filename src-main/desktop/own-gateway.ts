import { Host } from '../host/host.ts'
import type { Settings } from '../host/settings.ts'
import { appLaunch, programFile, uiFolder } from './app-files.ts'
import type { OwnGateway } from './gateway-link.ts'
import { logFile } from './log-file.ts'

/** The app's window and tray, as the gateway sees them. */
const caller = { principal: 'desktop', session: 'desktop' }

/** Hosts the gateway in this process: docs/adr/0007. Rejects with AlreadyRunningError or GatewayError. */
export async function hostGateway(
  settings: Settings,
  onKill: (kill: () => Promise<void>) => void,
): Promise<OwnGateway> {
  const host = await Host.claim(settings, {
    workerFile: programFile('parse-worker'),
    uiFolder: uiFolder(),
    launch: appLaunch(settings.files.dir),
    logStream: logFile(settings.files.log),
  })
  onKill(() => host.kill())
  await host.start()
  const { management } = host
  return {
    call: (name, input) => management.call(name, input, caller),
    onEvent: (fn) => management.onEvent(fn, caller),
    close: () => host.close(),
    checkHealth: () => host.gateway.checkHealth(),
  }
}
