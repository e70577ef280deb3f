import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RestartPolicy, restartLimits } from '../../src-main/servers/restart-policy.ts'

const l = restartLimits

test('the wait after each failure doubles, within its jitter and its limits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
        minLength: 1,
        maxLength: 30,
      }),
      (randoms) => {
        let i = 0
        const policy = new RestartPolicy(l, () => randoms[i] ?? 0)
        let now = 0
        for (i = 0; i < randoms.length; i++) {
          policy.failed(now, `failure ${i + 1}`)
          const failures = i + 1
          const over = failures - l.circuitAfter
          const nominal =
            over < 0
              ? Math.min(l.maxDelayMs, l.firstDelayMs * 2 ** i)
              : Math.min(l.maxOpenMs, l.firstOpenMs * 2 ** over)
          const gate = policy.gate(now)
          if (gate.kind === 'open') throw new Error('open right after a failure')
          expect(gate.kind).toBe(over < 0 ? 'wait' : 'circuit')
          expect(Math.abs(gate.ms - nominal)).toBeLessThanOrEqual(nominal * 0.25 + 0.001)
          expect(policy.lastError).toBe(`failure ${failures}`)
          now += gate.ms
          expect(policy.gate(now)).toEqual({ kind: 'open' })
        }
      },
    ),
  )
})

test('servers that fell together do not come back together', () => {
  const waits = Array.from({ length: 100 }, () => {
    const policy = new RestartPolicy()
    policy.failed(0, 'x')
    const gate = policy.gate(0)
    return gate.kind === 'wait' ? gate.ms : 0
  })
  expect(new Set(waits).size).toBeGreaterThan(90)
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(l.firstDelayMs / 4)
})

test('failures are forgotten by a run that lasts, not by one that does not', () => {
  const policy = new RestartPolicy()
  let now = 0
  for (let i = 0; i < l.circuitAfter; i++) policy.failed(now, 'x')
  now += l.maxOpenMs
  policy.started(now)
  policy.failed(now + l.stableAfterMs - 1, 'y')
  expect(policy.gate(now + l.stableAfterMs).kind).toBe('circuit')
  now += 10 * l.maxOpenMs
  policy.started(now)
  policy.failed(now + l.stableAfterMs, 'z')
  expect(policy.failures).toBe(1)
  expect(policy.gate(now + l.stableAfterMs).kind).toBe('wait')
})

test('a start by hand begins anew', () => {
  const policy = new RestartPolicy()
  for (let i = 0; i < 10; i++) policy.failed(0, 'x')
  expect(policy.isTripped).toBe(true)
  policy.reset()
  expect(policy.gate(0)).toEqual({ kind: 'open' })
  expect(policy).toMatchObject({ failures: 0, isTripped: false, lastError: undefined })
})
