import { expect, test } from 'vitest'
import { serverDefinition } from '../../src-shared/catalog.ts'
import type { ServerDefinition } from '../../src-shared/catalog.ts'
import type { ResolvedServer } from '../../src-main/catalog/resolve.ts'
import type { Knowledge } from '../../src-main/mcp/listing-store.ts'
import { Preparation } from '../../src-main/servers/preparation.ts'

const nothing: Knowledge = { asked: new Set(), listings: new Map(), era: undefined }

function definition(command: string, more: object = {}): ServerDefinition {
  const runtime = { type: 'local-process', command }
  return serverDefinition.parse({ id: 'one', runtime, ...more })
}

function resolved({ runtime }: ServerDefinition): ResolvedServer {
  const launch = { serverId: 'one', runtime, env: {}, inheritEnv: false, baseDir: '/' }
  return { launch, fingerprint: JSON.stringify(runtime), missing: [], secrets: [], problems: [] }
}

/** A preparation whose resolving is let go by hand. */
function create(first: ServerDefinition) {
  const going: (() => void)[] = []
  const preparation = new Preparation(first, {
    resolve: (wanted) => new Promise((resolve) => going.push(() => resolve(resolved(wanted)))),
    load: () => Promise.resolve(nothing),
    changed() {},
  })
  return { preparation, going }
}

test.each([
  ['another launch', definition('b'), true],
  ['only another name', definition('a', { display_name: 'A' }), false],
])('whoever waits gets what is in force: %s', async (_name, next, isOther) => {
  const { preparation, going } = create(definition('a'))
  const plan = await preparation.plan(next)
  expect(plan).toMatchObject({ changed: isOther, prepared: undefined })
  const waiting = preparation.ready()
  preparation.take(plan, false)
  going[0]?.()
  await expect.poll(() => going.length).toBe(2)
  going[1]?.()
  const expected = { type: 'local-process', command: isOther ? 'b' : 'a', args: [] }
  expect((await waiting).resolved.launch.runtime).toEqual(expected)
  expect(preparation.current).toBe(await preparation.ready())
  expect(preparation.current?.resolved.launch.runtime).toEqual(expected)
})

test('a resolver that fails makes the server misconfigured, and is tried again on demand', async () => {
  let isBroken = true
  const preparation = new Preparation(definition('a'), {
    resolve: (wanted) =>
      isBroken ? Promise.reject(new Error('no keychain')) : Promise.resolve(resolved(wanted)),
    load: () => Promise.resolve(nothing),
    changed() {},
  })
  expect((await preparation.ready()).resolved.problems).toEqual(['no keychain'])
  isBroken = false
  expect((await preparation.again()).resolved.problems).toEqual([])
})
