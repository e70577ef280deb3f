import { timingSafeEqual } from 'node:crypto'
import type { SignInLink } from '../../src-shared/sign-in.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import type { Clock } from '../servers/clock.ts'
import type { SignInTarget } from './grant-keeper.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { RedirectListener } from './redirect-listener.ts'
import type { RedirectOutcome } from './redirect-page.ts'
import type { Flow, Grant } from './sign-in-record.ts'

/** How an attempt has ended. */
export type AttemptEnd =
  { kind: 'granted'; grant: Grant } | { kind: 'refused' | 'failed' | 'expired'; problem: string }

interface AttemptOptions {
  serverId: string
  target: SignInTarget
  flow: Flow
  listener: RedirectListener
  clock: Clock
  /** Keeps what came of it, once; what it rejects with is what the person is told. */
  ended: (end: AttemptEnd) => Promise<void>
}

/** One link that is out: from its opening until the browser is back, or nobody has come. */
export class SignInAttempt {
  readonly flow: Flow
  /** Resolves when it is over, whatever came of it. */
  readonly settled: Promise<void>
  readonly #options: AttemptOptions
  readonly #cancelLimit: () => void
  #settle: () => void = () => {}
  #arrival: Promise<RedirectOutcome> | undefined
  #isOver = false

  constructor(options: AttemptOptions) {
    this.#options = options
    this.flow = options.flow
    this.settled = new Promise((resolve) => (this.#settle = resolve))
    const { clock, flow } = options
    this.#cancelLimit = clock.after(Math.max(0, flow.expires_at - clock.wall()), () =>
      this.#expire(),
    )
  }

  get link(): SignInLink {
    return { url: this.flow.link, expires_at: new Date(this.flow.expires_at).toISOString() }
  }

  /** What the browser has brought, by the listener or by hand. Never rejects. */
  arrived(parameters: URLSearchParams): Promise<RedirectOutcome> {
    if (this.#isOver || !this.#isOurs(parameters)) return Promise.resolve('unknown')
    // Reloading the page asks for the same again.
    this.#arrival ??= this.#end(parameters)
    return this.#arrival
  }

  /** Gives it up; nothing is told. */
  close(): void {
    this.#isOver = true
    this.#cancelLimit()
    this.#options.listener.close()
    this.#settle()
  }

  /** Without the right `state` it is not an answer to this link; it goes on waiting. */
  #isOurs(parameters: URLSearchParams): boolean {
    const names = [...parameters.keys()]
    if (new Set(names).size < names.length) return false
    const given = Buffer.from(parameters.get('state') ?? '')
    const ours = Buffer.from(this.flow.state)
    return given.length === ours.length && timingSafeEqual(given, ours)
  }

  async #end(parameters: URLSearchParams): Promise<RedirectOutcome> {
    const end = await this.#outcome(parameters)
    if (this.#isOver) return 'unknown'
    try {
      await this.#options.ended(end)
    } catch {
      return 'failed'
    } finally {
      this.close()
    }
    return end.kind === 'granted' ? 'signed_in' : end.kind === 'refused' ? 'refused' : 'failed'
  }

  async #outcome(parameters: URLSearchParams): Promise<AttemptEnd> {
    const { serverId, target, flow, clock } = this.#options
    const { issuer, authorization_server } = flow
    try {
      const [{ exchangeCode }, { issuerOfAnswer, metadataOf }] = await Promise.all([
        import('./token-requests.ts'),
        import('./issuer.ts'),
      ])
      const fetchFn = createGuardedFetch(serverId, target.url)
      const metadata = await metadataOf(serverId, authorization_server, issuer, fetchFn)
      const iss = parameters.get('iss') ?? undefined
      // First: of another issuer's answer nothing counts, its error neither.
      if (!issuerOfAnswer(metadata, iss))
        return {
          kind: 'failed',
          problem: `The answer came from another issuer than ${issuer}, so the sign-in was given up.`,
        }
      const code = parameters.get('code')
      if (code === null || parameters.has('error')) return refusalOf(parameters, issuer)
      const { oauth } = target
      const wallMs = () => clock.wall()
      const context = { serverId, metadata, oauth, fetchFn, wallMs }
      return { kind: 'granted', grant: await exchangeCode(flow, code, iss, context) }
    } catch (error) {
      return { kind: 'failed', problem: asGatewayError(error).message }
    }
  }

  #expire(): void {
    if (this.#isOver || this.#arrival !== undefined) return
    this.#isOver = true
    void this.#options
      .ended({ kind: 'expired', problem: 'Nobody has signed in while the link was good.' })
      .catch(() => {})
      .finally(() => this.close())
  }
}

function refusalOf(parameters: URLSearchParams, issuer: string): AttemptEnd {
  const error = parameters.get('error')
  if (error === 'access_denied')
    return { kind: 'refused', problem: `Access was refused at ${issuer}.` }
  // Only the code: the description is a text of the issuer's, or of whoever made the link.
  const code = error !== null && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : ''
  return { kind: 'failed', problem: `${issuer} ended the sign-in without a result${code}.` }
}
