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
  /** What the AI client speaks: the suite must see the same of the gateway, whichever it is. */
  clients: readonly ('legacy' | 'modern')[]
  /** It measures how long the client waits, which a busy machine distorts. */
  timed?: true
}

const legacy = ['legacy'] as const
const both = ['legacy', 'modern'] as const

const scenarios: readonly Expected[] = [
  { revision: '2025-11-25', scenario: 'initialize', success: 1, clients: both },
  { revision: '2025-11-25', scenario: 'tools_call', success: 2, clients: both },
  {
    revision: '2025-11-25',
    scenario: 'elicitation-sep1034-client-defaults',
    success: 5,
    clients: both,
  },
  { revision: '2025-11-25', scenario: 'sse-retry', success: 3, clients: legacy, timed: true },
  // Not required: it is newer than the revision.
  {
    revision: '2025-11-25',
    scenario: 'json-schema-2020-12-preservation',
    success: 9,
    clients: legacy,
  },
  { revision: '2026-07-28', scenario: 'tools_call', success: 2, clients: both },
  { revision: '2026-07-28', scenario: 'request-metadata', success: 7, clients: both },
  { revision: '2026-07-28', scenario: 'sep-2322-client-request-state', success: 5, clients: both },
  { revision: '2026-07-28', scenario: 'http-standard-headers', success: 10, clients: both },
  { revision: '2026-07-28', scenario: 'http-custom-headers', success: 18, clients: both },
  { revision: '2026-07-28', scenario: 'http-invalid-tool-headers', success: 12, clients: both },
  { revision: '2026-07-28', scenario: 'json-schema-ref-no-deref', success: 1, clients: both },
]

for (const { revision, scenario, success, clients, timed } of scenarios)
  for (const client of clients) {
    // Each starts four processes and waits for them: several at once, but for what measures time.
    const run = timed ? it : it.concurrent
    run(
      `behind a ${client} client, the gateway is a good client of the suite's server: ${revision} ${scenario}`,
      { timeout: 90_000, retry: timed ? 2 : 0 },
      async () => {
        const flag = client === 'modern' ? ' --modern' : ''
        const command = `"${process.execPath}" "${driver}"${flag}`
        const result = await runClientScenario(command, scenario, revision, 80_000)
        expect(result).toMatchObject({ success, failures: [], warnings: [] })
      },
    )
  }

const revisions = ['2025-11-25', '2026-07-28'] as const

it.each(revisions)(
  'leaves out only the client scenarios of %s about signing in, which sign-in.test.ts has',
  async (revision) => {
    const required = await requiredScenarios(revision, 'client')
    const done = scenarios.filter((it) => it.revision === revision).map(({ scenario }) => scenario)
    const left = required.filter((scenario) => !done.includes(scenario))
    expect(left.filter((scenario) => !scenario.startsWith('auth/'))).toEqual([])
  },
)
