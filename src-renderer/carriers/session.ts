const storageKey = 'open-mcp-gateway.token'

/** The dashboard's bearer, and whether the gateway still takes it. */
export interface Session {
  readonly token: string | null
  /** The gateway has refused: nothing more can be had without a new link. */
  readonly refused: boolean
  refuse(): void
  onRefused(fn: () => void): () => void
}

/**
 * The session of this browser tab. A one-time code in the address (`#code=…`) is taken out of it at once and exchanged
 * for a bearer, which sessionStorage keeps: a cookie would reach every port of localhost.
 */
export async function openSession(): Promise<Session> {
  const session = new TabSession(sessionStorage.getItem(storageKey))
  const code = takeCode()
  if (code === undefined) return session
  const answer = await fetch('/ui/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code }),
  }).catch(() => undefined)
  const body: unknown = await answer?.json().catch(() => undefined)
  if (answer?.ok === true && hasToken(body)) session.take(body.token)
  // A used link in a tab that is signed in already changes nothing.
  else if (session.token === null) session.refuse()
  return session
}

class TabSession implements Session {
  token: string | null
  refused = false
  private readonly listeners = new Set<() => void>()

  constructor(token: string | null) {
    this.token = token
  }

  take(token: string): void {
    this.token = token
    sessionStorage.setItem(storageKey, token)
  }

  refuse(): void {
    if (this.refused) return
    this.refused = true
    this.token = null
    sessionStorage.removeItem(storageKey)
    for (const listener of this.listeners) listener()
  }

  onRefused(fn: () => void): () => void {
    this.listeners.add(fn)
    return () => this.listeners.delete(fn)
  }
}

function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code === null) return undefined
  history.replaceState(null, '', location.pathname + location.search)
  return code
}

function hasToken(body: unknown): body is { token: string } {
  return (
    typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string'
  )
}
