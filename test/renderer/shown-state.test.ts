import { describe, expect, it } from 'vitest'
import { validityInWords } from '../../src-renderer/screens/server/sign-in/validity.ts'
import { pullInWords, pullPercent, withChange } from '../../src-renderer/containers.ts'
import { stateInWords } from '../../src-renderer/state-words.ts'
import { issuerHost, shownState } from '../../src-shared/shown-state.ts'
import type { SignIn } from '../../src-shared/sign-in.ts'

const signIn: SignIn = {
  state: 'needed',
  issuer: 'https://auth.example.com/tenant/7',
  account: null,
  scopes: [],
  expires_at: null,
  renews: false,
  problem: null,
}

describe('how long a sign-in holds', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString()
  it.each([
    [at(42), true, 'Renewed by itself, next in 42 min'],
    [at(-1), true, 'Renewed by itself, with the next call'],
    [null, true, 'Renewed by itself'],
    [at(192), false, 'For 3 h 12 min, then somebody has to sign in again'],
    [at(-1), false, 'Expired: the next call asks for a sign-in'],
    [null, false, 'Until the issuer ends it; it has not told when'],
  ])('%s, renewed %s: %s', (expires_at, renews, words) => {
    expect(validityInWords({ expires_at, renews }, now)).toBe(words)
  })
})

describe('the state that is shown', () => {
  const row = { status: 'stopped' as const, reason: 'idle for 5 min', enabled: true }
  it.each([
    [{ ...row, sign_in: null }, 'stopped', 'Stopped, idle for 5 min'],
    [{ ...row, sign_in: signIn }, 'sign_in_needed', 'Sign-in needed at auth.example.com'],
    [{ ...row, sign_in: { ...signIn, issuer: null } }, 'sign_in_needed', 'Sign-in needed'],
    [
      { ...row, sign_in: { ...signIn, state: 'failed' as const } },
      'sign_in_needed',
      'Sign-in needed at auth.example.com',
    ],
    [
      { ...row, sign_in: { ...signIn, state: 'in_progress' as const } },
      'signing_in',
      'Signing in, waiting for the browser',
    ],
    // What works goes on while its sign-in is widened.
    [
      {
        ...row,
        status: 'running' as const,
        reason: '',
        sign_in: { ...signIn, state: 'in_progress' as const },
      },
      'running',
      'Running',
    ],
    [
      { ...row, enabled: false, reason: 'disabled', sign_in: signIn },
      'stopped',
      'Stopped, disabled',
    ],
    [
      { ...row, sign_in: { ...signIn, state: 'signed_in' as const } },
      'stopped',
      'Stopped, idle for 5 min',
    ],
  ])('%#: %s', (one, state, words) => {
    expect(shownState(one)).toBe(state)
    expect(stateInWords(one)).toBe(words)
  })

  it('names an issuer by its host', () => {
    expect(issuerHost('https://user@auth.example.com:8443/x?y')).toBe('auth.example.com:8443')
    expect(issuerHost('urn:x')).toBe('urn:x')
    expect(issuerHost(null)).toBeNull()
  })
})

describe('a pull', () => {
  it('is a percentage as soon as there is something to divide by', () => {
    const progress = { done_bytes: 48_200_000, total_bytes: 112_000_000, step: 'Downloading' }
    expect(pullPercent(null)).toBeUndefined()
    expect(pullPercent({ ...progress, total_bytes: 0 })).toBeUndefined()
    expect(pullPercent(progress)).toBe(43)
    expect(pullPercent({ ...progress, done_bytes: 2e9 })).toBe(100)
    expect(pullInWords(progress)).toBe('Downloading, 48 MB of 112 MB')
    expect(pullInWords({ done_bytes: 5, total_bytes: 5, step: 'Extracting' })).toBe('Extracting')
  })

  it('keeps the figures of what goes on running, and has none of what is new', () => {
    const image = { name: 'i', state: 'present' as const, progress: null, problem: null }
    const one = { id: 'a', name: 'one', started_at: '2026-01-01T00:00:00Z' }
    const measured = { ...one, memory_bytes: 5, memory_limit_bytes: 10, cpu_percent: 1 }
    const other = { id: 'b', name: 'two', started_at: '2026-01-01T00:00:01Z' }
    const rows = [
      {
        server_id: 's',
        engine: 'docker' as const,
        engine_problem: 'absent',
        image,
        containers: [measured],
      },
    ]
    const change = { type: 'container' as const, server_id: 's', image, containers: [one, other] }
    const [row] = withChange(rows, change) ?? []
    expect(row?.containers).toEqual([
      measured,
      { ...other, memory_bytes: null, memory_limit_bytes: null, cpu_percent: null },
    ])
    // It has just done something.
    expect(row?.engine_problem).toBeNull()
    expect(withChange(undefined, change)).toBeUndefined()
    expect(withChange(rows, { ...change, server_id: 'x' })).toEqual(rows)
  })
})
