import type { ServerRow } from '../../src-shared/api-servers.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { SignIn, SignInLink } from '../../src-shared/sign-in.ts'

interface Rows {
  find: (id: string) => ServerRow
  /** Changes a row and tells of it. */
  set: (id: string, change: Partial<ServerRow>) => ServerRow
}

const linkMs = 600_000
const noSignIn = 'That is not the address that this sign-in ends at. Copy the whole address.'

/** `sign_in.*` of the fake gateway; `arrives` is what a browser at the issuer's page comes back with. */
export class FakeSignIns {
  /** Why tokens may live on at the issuer after the next sign-out. */
  note: string | null = null
  private readonly rows: Rows
  private readonly links = new Map<string, SignInLink>()

  constructor(rows: Rows) {
    this.rows = rows
  }

  start(id: string): SignInLink {
    const signIn = this.of(id)
    const known = this.links.get(id)
    if (known !== undefined && signIn.state === 'in_progress') return known
    const expires_at = new Date(Date.now() + linkMs).toISOString()
    const link = { url: `${signIn.issuer}/authorize?client_id=c&state=s-${id}`, expires_at }
    this.links.set(id, link)
    this.change(id, { state: 'in_progress', expires_at, problem: null })
    return link
  }

  finish(id: string, redirectUrl: string): ServerRow {
    if (this.of(id).state !== 'in_progress')
      throw new GatewayError('not_found', `No sign-in to ${id} is under way. Start one.`)
    const given = URL.parse(redirectUrl)?.searchParams
    if (given?.get('state') !== `s-${id}`)
      throw new GatewayError('bad_request', `${id} is not signed in. ${noSignIn}`)
    return this.arrives(id, given.has('code') ? 'granted' : 'refused')
  }

  arrives(id: string, what: 'granted' | 'refused' | 'nothing'): ServerRow {
    if (what === 'granted')
      return this.change(
        id,
        {
          state: 'signed_in',
          account: 'ada@example.com',
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
          renews: true,
          problem: null,
        },
        { status: 'running', reason: '', started_at: new Date().toISOString() },
      )
    const problem =
      what === 'refused'
        ? 'Access was not granted at linear.app.'
        : 'Nobody signed in within 10 min, so the link is no longer good.'
    return this.change(id, { state: 'failed', expires_at: null, problem })
  }

  cancel(id: string): ServerRow {
    if (this.of(id).state !== 'in_progress') return this.rows.find(id)
    return this.change(id, { state: 'needed', expires_at: null })
  }

  signOut(id: string): { server: ServerRow; note: string | null } {
    const server = this.change(
      id,
      { state: 'needed', account: null, expires_at: null, renews: false },
      { status: 'stopped', reason: 'signed out', started_at: null },
    )
    return { server, note: this.note }
  }

  private change(id: string, part: Partial<SignIn>, row: Partial<ServerRow> = {}): ServerRow {
    return this.rows.set(id, { ...row, sign_in: { ...this.of(id), ...part } })
  }

  private of(id: string): SignIn {
    const { sign_in: signIn } = this.rows.find(id)
    if (signIn === null)
      throw new GatewayError('bad_request', `${id} says nothing of a sign-in by OAuth.`)
    return signIn
  }
}
