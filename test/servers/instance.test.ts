import { expect, test, vi } from 'vitest'
import { GatewayError } from '../../src-shared/errors.ts'
import { systemClock } from '../../src-main/servers/clock.ts'
import { Instance } from '../../src-main/servers/instance.ts'
import type { Link } from '../../src-main/runtimes/runtime.ts'

/** An instance whose launch and whose link's end are let go by hand. */
function start(close: () => Promise<void>) {
  let launched: (link: Link) => void = () => {}
  const closed = vi.fn()
  const link: Link = {
    pids: [],
    hasStreams: false,
    send: () => true,
    negotiated() {},
    forget() {},
    close: () => {
      closed()
      return close()
    },
  }
  const launch = vi.fn(() => new Promise<Link>((resolve) => (launched = resolve)))
  const failed = vi.fn()
  const log: string[] = []
  const instance = new Instance({
    serverId: 'one',
    launch,
    redact: (text) => text,
    definition: () =>
      Promise.resolve({
        serverId: 'one',
        runtime: { type: 'local-process', command: 'x', args: [] },
        env: {},
        inheritEnv: false,
        baseDir: '/',
      }),
    before: { delayMs: 0, predecessors: undefined },
    startTimeoutMs: 10_000,
    clock: systemClock,
    limits: () => ({ requestTimeoutMs: 1000, maxRequestMs: 1000 }),
    owner: undefined,
    capabilities: {},
    version: '1',
    era: () => 'legacy',
    toolSchema: () => undefined,
    events: {
      phase() {},
      era() {},
      failed,
      ended() {},
      log: (_source, text) => void log.push(text),
      notification() {},
      missed() {},
      asked() {},
    },
  })
  return { instance, launch, closed, failed, log, finishLaunch: () => launched(link) }
}

test('a stop during the launch waits for what is launched, and ends it', async () => {
  const { instance, launch, closed, failed, finishLaunch } = start(() => Promise.resolve())
  await expect.poll(() => launch.mock.calls.length).toBe(1)
  let hasEnded = false
  const stopping = instance.stop().then(() => (hasEnded = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(hasEnded).toBe(false)
  finishLaunch()
  await stopping
  expect(closed).toHaveBeenCalledOnce()
  expect(failed).not.toHaveBeenCalled()
  await instance.up
  expect(instance).toMatchObject({ phase: 'ended', greeting: undefined, failure: undefined })
})

test('a stop before anything was launched launches nothing', async () => {
  const { instance, launch } = start(() => Promise.resolve())
  await instance.stop()
  await new Promise((resolve) => setImmediate(resolve))
  expect(launch).not.toHaveBeenCalled()
})

test('a link that cannot be closed properly ends the instance all the same', async () => {
  const { instance, launch, log, finishLaunch } = start(() => Promise.reject(new Error('stuck')))
  await expect.poll(() => launch.mock.calls.length).toBe(1)
  finishLaunch()
  await new Promise((resolve) => setImmediate(resolve))
  await instance.stop(new GatewayError('server_failed', 'enough'))
  expect(instance.phase).toBe('ended')
  expect(instance.failure?.message).toBe('enough')
  expect(log).toContainEqual(expect.stringContaining('stuck'))
})
