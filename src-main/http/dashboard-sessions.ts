import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../src-shared/errors.ts'

/** Tells a bearer of ours that has ended from a key that is wrong. */
const tokenPrefix = 'ui_'
const codeLifeMs = 5 * 60_000
const idleMs = 12 * 3_600_000
const lifeMs = 7 * 24 * 3_600_000
/** More windows than one person has open; the one that was used longest ago makes room. */
const maxSessions = 32
const maxCodes = 16
/** Wrong codes that are answered as such; beyond, they have to wait. One comes back every six seconds. */
const wrongCodes = 10
const wrongCodeMs = 6_000

interface DashboardSession {
  hash: Buffer
  /** Names it to others; no secret. */
  name: string
  createdAt: number
  usedAt: number
  end: AbortController
  timer: NodeJS.Timeout
}

export interface OpenSession {
  name: string
  /** Aborted when the session ends. */
  ended: AbortSignal
}

interface Options {
  /** Monotonic, ms. */
  now: () => number
}

/**
 * Who may use the dashboard: one-time codes, and the bearers that they are exchanged for. Both are 256 random bits, kept
 * as hashes and in memory alone, so that they end with this process.
 */
export class DashboardSessions {
  readonly #now: () => number
  readonly #codes: { hash: Buffer; expiresAt: number }[] = []
  #sessions: DashboardSession[] = []
  #wrongLeft = wrongCodes
  #refilledAt: number
  #nextName = 1

  constructor({ now }: Options) {
    this.#now = now
    this.#refilledAt = now()
  }

  /** A code that is good once, within five minutes. */
  createCode(): { code: string; lifeMs: number } {
    const code = randomBytes(32).toString('base64url')
    if (this.#codes.length === maxCodes) this.#codes.shift()
    this.#codes.push({ hash: hashOf(code), expiresAt: this.#now() + codeLifeMs })
    return { code, lifeMs: codeLifeMs }
  }

  /**
   * Gives a bearer for a code. Throws `unauthorized`, the same for a code that is wrong, used or too old, and `too_many`
   * after many of them.
   */
  exchange(code: string): string {
    const now = this.#now()
    const presented = hashOf(code)
    // All are compared, whatever matched: the time tells nothing.
    const found = this.#codes.filter((each) => timingSafeEqual(each.hash, presented))
    for (const each of found) this.#codes.splice(this.#codes.indexOf(each), 1)
    if (!found.some(({ expiresAt }) => now < expiresAt)) throw this.#refusal(now)
    return this.#open(now)
  }

  /** The session of a bearer; undefined if it is none of ours, or has ended. */
  find(token: string): OpenSession | undefined {
    if (!token.startsWith(tokenPrefix)) return undefined
    const now = this.#now()
    const presented = hashOf(token)
    let found: DashboardSession | undefined
    for (const session of this.#sessions)
      if (timingSafeEqual(session.hash, presented)) found = session
    if (!found) return undefined
    if (now - found.usedAt >= idleMs || now - found.createdAt >= lifeMs) {
      this.#close(found)
      return undefined
    }
    found.usedAt = now
    return { name: found.name, ended: found.end.signal }
  }

  /** True for what has the form of a bearer, so that its owner learns that it has ended. */
  isToken(text: string): boolean {
    return text.startsWith(tokenPrefix)
  }

  /** Ends all but one: after the main key was replaced, nobody who had it is to keep a way in. */
  endOthers(name: string): void {
    this.#codes.length = 0
    for (const session of this.#sessions) if (session.name !== name) this.#close(session)
  }

  #open(now: number): string {
    if (this.#sessions.length >= maxSessions) {
      const [oldest] = this.#sessions.toSorted((a, b) => a.usedAt - b.usedAt)
      if (oldest) this.#close(oldest)
    }
    const token = tokenPrefix + randomBytes(32).toString('base64url')
    const end = new AbortController()
    const session: DashboardSession = {
      hash: hashOf(token),
      name: `dashboard-${this.#nextName++}`,
      createdAt: now,
      usedAt: now,
      end,
      // Its event stream is open without a request that could find out.
      timer: setTimeout(() => this.#close(session), lifeMs),
    }
    session.timer.unref()
    this.#sessions.push(session)
    return token
  }

  #close(session: DashboardSession): void {
    clearTimeout(session.timer)
    this.#sessions = this.#sessions.filter((each) => each !== session)
    session.end.abort()
  }

  #refusal(now: number): GatewayError {
    const back = Math.floor((now - this.#refilledAt) / wrongCodeMs)
    if (back > 0) {
      this.#wrongLeft = Math.min(wrongCodes, this.#wrongLeft + back)
      this.#refilledAt = now
    }
    if (this.#wrongLeft === 0)
      return new GatewayError('too_many', 'Too many wrong links. Wait a little, then try again.', {
        retryAfterSeconds: wrongCodeMs / 1000,
      })
    this.#wrongLeft--
    return new GatewayError(
      'unauthorized',
      'This link is used up, too old or not of this gateway. Run "gateway open" for a new one.',
    )
  }
}

function hashOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
