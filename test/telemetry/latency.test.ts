import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyWindow } from '../../src-main/telemetry/latency.ts'

test('nothing recorded: null', () => {
  const window = new LatencyWindow()
  expect(window.p50()).toBeNull()
  expect(window.p95()).toBeNull()
})

test('percentiles are the nearest rank of the last 512', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 1200 }), (all) => {
      const window = new LatencyWindow()
      for (const ms of all) window.record(ms)
      const last = all.slice(-512).sort((a, b) => a - b)
      expect(window.p50()).toBe(last[Math.ceil(0.5 * last.length) - 1])
      expect(window.p95()).toBe(last[Math.ceil(0.95 * last.length) - 1])
    }),
  )
})
