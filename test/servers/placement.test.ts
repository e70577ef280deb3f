import { expect, test } from 'vitest'
import { gatewayCaller } from '../../src-main/mcp/caller.ts'
import type { Caller } from '../../src-main/mcp/caller.ts'
import { Placement } from '../../src-main/servers/placement.ts'
import { FakeClock } from '../support/fake-clock.ts'

function caller(key: string, more: Partial<Caller> = {}): Caller {
  return { key, era: 'legacy', capabilities: {}, ask: () => ({ cancel() {} }), ...more }
}

test('a caller that is gone is given nothing', () => {
  const placement = new Placement(
    () => 'session',
    () => undefined,
    new FakeClock(),
  )
  expect(() => placement.for(caller('a', { isGone: true }))).toThrow('The session has ended.')
  expect(placement.own()).toEqual([])
})

test('nothing is left of callers that were forgotten', () => {
  const placement = new Placement(
    () => 'auto',
    () => new Set(['roots/list']),
    new FakeClock(),
  )
  const able = caller('able', { capabilities: { roots: {} } })
  const unable = caller('unable')
  const own = placement.for(able)
  expect(own.owner).toBe(able)
  expect(placement.for(able)).toBe(own)
  expect(placement.for(unable)).toBe(placement.shared)
  expect(placement.for(gatewayCaller)).toBe(placement.shared)
  expect(placement.met(unable)).toBe(true)
  expect(placement.forget(able)).toBe(own)
  expect(placement.forget(unable)).toBeUndefined()
  expect(placement.all()).toEqual([placement.shared])
  expect(placement.met(unable)).toBe(false)
})
