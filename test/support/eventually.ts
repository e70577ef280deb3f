import { vi } from 'vitest'

/** Waits until `check` no longer throws, at most 10 s. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 })
}
