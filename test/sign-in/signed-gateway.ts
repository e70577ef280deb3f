import { onTestFinished } from 'vitest'
import type { Clock } from '../../src-main/servers/clock.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import type { ServerSignIn } from '../../src-main/sign-in/server-sign-in.ts'
import { signInOf } from '../../src-main/sign-in/sign-in-servers.ts'
import { startGateway } from '../support/gateway.ts'
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts'
import { AuthorizationServer } from './authorization-server.ts'
import type { AuthorizationServerOptions } from './authorization-server.ts'
import { browse } from './browser.ts'
import type { Page } from './browser.ts'
import { ProtectedServer } from './protected-server.ts'

/** The system's time, which a test may let pass, or set. */
export class SkewedClock implements Clock {
  passedMs = 0
  setMs = 0
  now = (): number => systemClock.now() + this.passedMs
  wall = (): number => systemClock.wall() + this.passedMs + this.setMs
  after = (ms: number, fn: () => void): (() => void) => systemClock.after(ms, fn)
}

export interface World {
  authorizationServer: AuthorizationServer
  server: ProtectedServer
  gateway: TestGateway
  clock: SkewedClock
  /** The sign-in of a catalog entry. */
  signIn(serverId?: string): Promise<ServerSignIn>
  /** Signs in as a person does: asks for the link, opens it, ends at the gateway's page. */
  asPerson(serverId?: string): Promise<Page>
  whoami(serverId?: string): Promise<string>
}

export interface WorldOptions extends Partial<TestGatewayOptions> {
  authorizationServer?: AuthorizationServerOptions
  /** More of the entry's runtime, and of the entry. */
  runtime?: object
  entry?: object
}

/** A gateway in front of a protected MCP server, `cloud`; all end with the test. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const authorizationServer = await AuthorizationServer.start(options.authorizationServer)
  onTestFinished(() => authorizationServer.stop())
  const server = await ProtectedServer.start(authorizationServer)
  onTestFinished(() => server.stop())
  const clock = new SkewedClock()
  const { runtime, entry } = options
  const gateway = await startGateway({
    clock,
    signIns: {},
    servers: [cloudEntry(server.url, runtime, entry)],
    ...options,
  })
  return worldOf(authorizationServer, server, gateway, clock)
}

export function cloudEntry(url: string, runtime: object = {}, more: object = {}) {
  return { id: 'cloud', runtime: { type: 'remote-http', url, ...runtime }, ...more }
}

/** The same world with another gateway in it. */
export function worldOf(
  authorizationServer: AuthorizationServer,
  server: ProtectedServer,
  gateway: TestGateway,
  clock: SkewedClock,
): World {
  const signIn = async (serverId = 'cloud'): Promise<ServerSignIn> => {
    const { signIns, servers } = gateway.core
    const entry = servers.get(serverId)
    const found = entry && signIns && (await signInOf(signIns, entry))
    if (!found) throw new Error(`${serverId} has no sign-in.`)
    return found
  }
  return {
    authorizationServer,
    server,
    gateway,
    clock,
    signIn,
    asPerson: async (serverId) => browse((await (await signIn(serverId)).start()).url),
    whoami: (serverId = 'cloud') => gateway.tool(serverId, 'whoami'),
  }
}
