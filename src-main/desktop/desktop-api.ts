import { procedures } from '../../src-shared/api.ts'
import type { ApiAnswer, ApiEvent, DesktopState, ProcedureName } from '../../src-shared/api.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { GatewayLink } from './gateway-link.ts'
import type { WindowApi } from './ipc.ts'
import type { LoginItem } from './login-item.ts'
import type { Updater } from './updater.ts'

export interface DesktopApiOptions {
  link: GatewayLink
  loginItem: LoginItem | undefined
  updater: Updater
  hasTray: boolean
  /** Ends the app. */
  quit: () => void
  /** Ends the app and starts the new version. */
  install: () => void
}

type DesktopName = Extract<ProcedureName, `desktop.${string}`>

/** What the window speaks to: `desktop.*` is answered here, everything else by the gateway. */
export class DesktopApi implements WindowApi {
  private readonly options: DesktopApiOptions
  private readonly followers = new Set<(event: ApiEvent) => void>()

  constructor(options: DesktopApiOptions) {
    this.options = options
    options.link.onEvent((event) => this.emit(event))
    options.link.onChange(() => this.changed())
    options.updater.onChange(() => this.changed())
  }

  async answer(name: unknown, input: unknown): Promise<ApiAnswer> {
    try {
      return { ok: await this.call(name, input) }
    } catch (thrown) {
      const { code, message, data } = asGatewayError(thrown)
      return { error: { code, message, ...(data === undefined ? {} : { data }) } }
    }
  }

  onEvent(fn: (event: ApiEvent) => void): () => void {
    this.followers.add(fn)
    return () => this.followers.delete(fn)
  }

  state(): DesktopState {
    const { link, loginItem, updater, hasTray } = this.options
    return {
      gateway: link.state,
      problem: link.problem,
      can_launch_at_login: loginItem !== undefined,
      launch_at_login: loginItem?.isOn() ?? false,
      has_tray: hasTray,
      update: updater.state,
    }
  }

  /** Throws GatewayError where the system refuses. */
  launchAtLogin(on: boolean): void {
    const { loginItem } = this.options
    if (loginItem === undefined)
      throw new GatewayError(
        'conflict',
        'This app runs from its sources and cannot be started at login. Install a package of it.',
      )
    try {
      loginItem.set(on)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new GatewayError('internal', `The system did not take the change. ${why}`, {
        cause: error,
      })
    }
    this.changed()
  }

  /** Tells everybody who shows it. */
  changed(): void {
    this.emit({ type: 'desktop', state: this.state() })
  }

  private call(name: unknown, input: unknown): Promise<unknown> {
    if (typeof name !== 'string' || !Object.hasOwn(procedures, name))
      throw new GatewayError('not_found', `There is no procedure '${String(name).slice(0, 100)}'.`)
    return isDesktopName(name) ? this.run(name, input ?? {}) : this.options.link.call(name, input)
  }

  private async run(name: DesktopName, input: unknown): Promise<unknown> {
    const { link, updater, quit, install } = this.options
    const parsed = procedures[name].input.safeParse(input)
    if (!parsed.success)
      throw new GatewayError(
        'invalid_params',
        `The input of ${name} is not valid: ${parsed.error.issues[0]?.message}.`,
      )
    switch (name) {
      case 'desktop.get':
        return this.state()
      case 'desktop.set': {
        const { launch_at_login } = procedures['desktop.set'].input.parse(input)
        if (launch_at_login !== undefined) this.launchAtLogin(launch_at_login)
        return this.state()
      }
      case 'desktop.update':
        if (updater.state.state === 'ready') setImmediate(install)
        else await updater.check()
        return this.state()
      case 'desktop.restart_gateway':
        await link.restart()
        if (link.problem !== null) throw new GatewayError('conflict', link.problem)
        return {}
      case 'desktop.quit':
        // After the answer.
        setImmediate(quit)
        return {}
    }
  }

  private emit(event: ApiEvent): void {
    for (const follower of this.followers) follower(event)
  }
}

function isDesktopName(name: string): name is DesktopName {
  return name.startsWith('desktop.')
}
