import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { withCompileCache } from '../support/compile-cache.ts'

/** Its package.json, from which its other files are found. */
const suite = path.dirname(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'),
)

/** The sets of scenarios that the suite has frozen for a revision of the protocol. */
export type Requirements = '2025-11-25' | '2026-07-28'

/** What one scenario has checked. */
export interface ScenarioResult {
  success: number
  /** Of requirements with MUST: id and what was wrong. */
  failures: readonly string[]
  /** Of requirements with SHOULD: likewise. */
  warnings: readonly string[]
  /** Neither: INFO, SKIPPED. */
  other: number
}

export type SuiteResults = Readonly<Record<string, ScenarioResult>>

const requirementsSchema = z.object({
  server: z.array(z.string()),
  client: z.array(z.string()),
})

const checksSchema = z.array(
  z.object({
    id: z.string(),
    status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
    errorMessage: z.string().optional(),
    details: z.unknown().optional(),
  }),
)

/** The scenarios that a revision requires: those that decide whether an implementation conforms. */
export async function requiredScenarios(
  revision: Requirements,
  side: 'server' | 'client',
): Promise<string[]> {
  const text = await fs.readFile(path.join(suite, 'requirements', `${revision}.yaml`), 'utf8')
  return requirementsSchema.parse(parse(text))[side]
}

/** Runs all server scenarios of a revision against the server at `url`. Rejects if the suite outlasts `limitMs`. */
export function runServerScenarios(
  url: string,
  revision: Requirements,
  limitMs = 120_000,
): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--requirements', revision], limitMs)
}

/**
 * Runs one client scenario: the suite starts a server and `command` (split at spaces) with its URL.
 * Rejects if the suite outlasts `limitMs`.
 */
export async function runClientScenario(
  command: string,
  scenario: string,
  revision: Requirements,
  limitMs = 40_000,
): Promise<ScenarioResult> {
  const args = ['client', '--command', command, '--scenario', scenario, '--spec-version', revision]
  const results = await runSuite(args, limitMs)
  const result = results[scenario]
  if (!result) throw new Error(`The suite has not run ${scenario}.`)
  return result
}

async function runSuite(args: readonly string[], limitMs: number): Promise<SuiteResults> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'conformance-'))
  try {
    const output = await runProgram([...args, '-o', dir], limitMs)
    const results = await readResults(dir)
    if (Object.keys(results).length === 0) throw new Error(`The suite has run nothing.\n${output}`)
    return results
  } finally {
    await fs.rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Its exit code is not looked at: it says less than the checks. */
async function runProgram(args: readonly string[], limitMs: number): Promise<string> {
  const child = spawn(process.execPath, [path.join(suite, 'dist', 'index.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which can be ended with the clients that it starts.
    detached: true,
    env: withCompileCache,
  })
  const closed = once(child, 'close')
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  let isLate = false
  const limit = setTimeout(() => {
    isLate = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, limitMs)
  await closed
  clearTimeout(limit)
  if (isLate) throw new Error(`The suite was not done after ${limitMs} ms.\n${output}`)
  return output
}

async function readResults(dir: string): Promise<SuiteResults> {
  const results: Record<string, ScenarioResult> = {}
  // Scenarios such as auth/… have folders of folders.
  for await (const file of fs.glob('**/checks.json', { cwd: dir })) {
    const folder = path.dirname(file)
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/u.exec(folder)?.[1] ?? folder
    const text = await fs.readFile(path.join(dir, file), 'utf8')
    results[scenario] = count(checksSchema.parse(JSON.parse(text)))
  }
  return results
}

function count(checks: z.infer<typeof checksSchema>): ScenarioResult {
  const messages = (status: string): string[] =>
    checks
      .filter((check) => check.status === status)
      .map((check) => `${check.id}: ${check.errorMessage ?? JSON.stringify(check.details)}`)
  const success = checks.filter((check) => check.status === 'SUCCESS').length
  const failures = messages('FAILURE')
  const warnings = messages('WARNING')
  const other = checks.length - success - failures.length - warnings.length
  return { success, failures, warnings, other }
}
