import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './program.ts'
import { requiredScenarios, runClientScenario } from './run-conformance.ts'

const driver = path.join(root, 'test', 'conformance', 'client-driver.ts')

/** Successful checks of a whole sign-in with a call after it, at least; how often a token is seen is none of these. */
const wholeFlow = 14

/** Where less can be checked, since the client has to stop before. */
const stopsBefore: Readonly<Record<string, number>> = {
  // It lists the metadata, and nobody is sent anywhere.
  'auth/resource-mismatch': 3,
  'auth/metadata-issuer-mismatch': 5,
  // The redirect is refused, and no token asked for.
  'auth/iss-supported-missing': 10,
  'auth/iss-wrong-issuer': 10,
  'auth/iss-unexpected': 10,
  'auth/iss-normalized': 10,
  // The server refuses for ever, and the gateway gives up.
  'auth/scope-retry-limit': 10,
}

const legs = [
  { revision: '2025-11-25', flag: '', scenarios: 14 },
  { revision: '2026-07-28', flag: ' --modern', scenarios: 25 },
] as const

describe.each(legs)('signing in as $revision has it', async ({ revision, flag, scenarios }) => {
  const required = (await requiredScenarios(revision, 'client')).filter((name) =>
    name.startsWith('auth/'),
  )

  it('has the scenarios that the suite requires', () => {
    expect(required).toHaveLength(scenarios)
  })

  it.concurrent.each(required)('the gateway passes %s', { timeout: 90_000 }, async (scenario) => {
    const command = `"${process.execPath}" "${driver}"${flag}`
    const result = await runClientScenario(command, scenario, revision, 80_000)
    expect(result).toMatchObject({ failures: [], warnings: [] })
    expect(result.success).toBeGreaterThanOrEqual(stopsBefore[scenario] ?? wholeFlow)
  })
})
