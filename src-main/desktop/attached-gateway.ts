import { GatewayError } from '../../src-shared/errors.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import type { Settings } from '../host/settings.ts'
import type { AttachedGateway } from './gateway-link.ts'

export async function attachGateway(_s: Settings, info: GatewayInfo): Promise<AttachedGateway> {
  throw new GatewayError('conflict', `Another at ${info.url}`)
}
