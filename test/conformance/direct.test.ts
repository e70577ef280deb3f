import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directChecks, problems, successes } from './direct-checks.ts'
import { startFixture } from './fixture.ts'
import type { Program } from './program.ts'
import { requiredScenarios, runServerScenarios } from './run-conformance.ts'
import type { SuiteResults } from './run-conformance.ts'

const eras = [
  { era: 'legacy', revision: '2025-11-25', scored: 30 },
  { era: 'modern', revision: '2026-07-28', scored: 37 },
] as const

describe.each(eras)('the $era fixture server, met directly', ({ era, revision, scored }) => {
  let fixture: Program
  let results: SuiteResults

  beforeAll(async () => {
    fixture = await startFixture(era)
    results = await runServerScenarios(fixture.url, revision)
  }, 150_000)

  afterAll(() => fixture.stop())

  it(`passes every check of the suite for ${revision}`, () => {
    expect(problems(results)).toEqual({})
  })

  it('is checked as often as written down, so that no tick stands for nothing', async () => {
    expect(successes(results)).toEqual(directChecks[revision])
    const required = await requiredScenarios(revision, 'server')
    expect(required).toHaveLength(scored)
    expect(required.filter((scenario) => (directChecks[revision][scenario] ?? 0) === 0)).toEqual([])
  })
})

it('a server of both eras passes as either, and on the same URL', async () => {
  const fixture = await startFixture('dual')
  try {
    for (const { revision } of eras) {
      const results = await runServerScenarios(fixture.url, revision)
      expect(problems(results)).toEqual({})
      expect(successes(results)).toEqual(directChecks[revision])
    }
  } finally {
    await fixture.stop()
  }
}, 150_000)
