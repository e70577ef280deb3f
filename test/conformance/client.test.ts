import path from 'node:path'
import { expect, it } from 'vitest'
import { root } from './program.ts'
import { requiredScenarios, runClientScenario } from './run-conformance.ts'
import type { Requirements } from './run-conformance.ts'

const driver = path.join(root, 'test', 'conformance', 'client-driver.ts')

interface Expected {
  revision: Requirements
  scenario: string
  /** Successful checks: what the suite's server sees of the gateway as its client. */
  success: number
  /** It measures how long the client waits, which a busy machine distorts. */
  timed?: true
}

const scenarios: readonly Expected[] = [
  { revision: '2025-11-25', scenario: 'initialize', success: 1 },
  { revision: '2025-11-25', scenario: 'tools_call', success: 2 },
  { revision: '2025-11-25', scenario: 'elicitation-sep1034-client-defaults', success: 5 },
  { revision: '2025-11-25', scenario: 'sse-retry', success: 3, timed: true },
  // Not required: it is newer than the revision.
  { revision: '2025-11-25', scenario: 'json-schema-2020-12-preservation', success: 9 },
]

for (const { revision, scenario, success, timed } of scenarios)
  it(
    `the gateway is a good client of the suite's server: ${revision} ${scenario}`,
    { timeout: 60_000, retry: timed ? 2 : 0 },
    async () => {
      const command = `"${process.execPath}" "${driver}"`
      const result = await runClientScenario(command, scenario, revision)
      expect(result).toMatchObject({ success, failures: [], warnings: [] })
    },
  )

it('leaves out only the required client scenarios about signing in', async () => {
  const required = await requiredScenarios('2025-11-25', 'client')
  const done = scenarios.map(({ scenario }) => scenario)
  const left = required.filter((scenario) => !done.includes(scenario))
  expect(left.filter((scenario) => !scenario.startsWith('auth/'))).toEqual([])
})
