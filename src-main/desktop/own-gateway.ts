import { GatewayError } from '../../src-shared/errors.ts'
import { Host } from '../host/host.ts'
import type { Settings } from '../host/settings.ts'
import { programFile } from './app-files.ts'
import type { OwnGateway } from './gateway-link.ts'
import { logFile } from './log-file.ts'

/** Hosts the gateway in this process: docs/adr/0007. Rejects with AlreadyRunningError or GatewayError. */
export async function hostGateway(settings: Settings): Promise<OwnGateway> {
  const host = await Host.claim(settings, {
    workerFile: programFile('parse-worker'),
    logStream: logFile(settings.files.log),
  })
  await host.start()
  return {
    call: (name) =>
      Promise.reject(new GatewayError('not_found', `There is no procedure '${name}' here.`)),
    onEvent: () => () => {},
    close: () => host.close(),
    kill: () => host.kill(),
    checkHealth: () => {},
  }
}
