import { describe, expect, it } from 'vitest'
import { readDuration, splitDuration } from '../../src-renderer/screens/settings/duration-units.ts'
import {
  isOpenToNetwork,
  problemOfAddress,
} from '../../src-renderer/screens/settings/listen-address.ts'

describe('a duration', () => {
  it.each([
    [0, 0, 'seconds'],
    [90, 90, 'seconds'],
    [300, 5, 'minutes'],
    [7200, 2, 'hours'],
    [5400, 90, 'minutes'],
  ] as const)('of %i seconds is %i %s, and back', (seconds, amount, unit) => {
    expect(splitDuration(seconds)).toEqual({ amount, unit })
    expect(readDuration(String(amount), unit, 0)).toEqual({ seconds })
  })

  it('may have a fraction that makes whole seconds', () => {
    expect(readDuration('1.5', 'minutes', 0)).toEqual({ seconds: 90 })
    expect(readDuration('1,5', 'hours', 0)).toEqual({ seconds: 5400 })
    expect(readDuration('1.5', 'seconds', 0)).toHaveProperty('error')
  })

  it.each(['', 'five', '-1', '1e9', '99999999'])('is not %j', (text) => {
    expect(readDuration(text, 'minutes', 0)).toHaveProperty('error')
  })

  it('says its least', () => {
    expect(readDuration('0', 'seconds', 1)).toEqual({ error: 'The least is 1 second.' })
  })
})

describe('an address to listen on', () => {
  it.each(['127.0.0.1:4444', 'localhost:0', '[::1]:4444', '0.0.0.0:80', 'my-host.lan:65535'])(
    'may be %s',
    (text) => expect(problemOfAddress(text)).toBeUndefined(),
  )

  it.each(['', '4444', '127.0.0.1', '127.0.0.1:', '::1:4444', 'a b:1', '127.0.0.1:70000'])(
    'is not %j',
    (text) => expect(problemOfAddress(text)).toBeTypeOf('string'),
  )

  it.each([
    ['127.0.0.1:4444', false],
    ['localhost:1', false],
    ['[::1]:1', false],
    ['0.0.0.0:4444', true],
    ['192.168.1.2:4444', true],
    ['[::]:4444', true],
  ])('%s is open to the network: %s', (text, expected) => {
    expect(isOpenToNetwork(text)).toBe(expected)
  })
})
