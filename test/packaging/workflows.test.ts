import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = path.join(import.meta.dirname, '..', '..')
const folder = path.join(root, '.github', 'workflows')

const permissions = z.record(z.string(), z.enum(['read', 'write', 'none']))
const step = z.object({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
})
const job = z.object({
  uses: z.string().optional(),
  needs: z.string().optional(),
  permissions: permissions.optional(),
  'timeout-minutes': z.number().optional(),
  steps: z.array(step).default([]),
})
const workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(z.string(), job),
})

const workflows = fs.readdirSync(folder).map((name) => {
  const text = fs.readFileSync(path.join(folder, name), 'utf8')
  return { name, text, ...workflow.parse(parse(text)) }
})
const scripts: Record<string, string> = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
).scripts

test('there is one for every change and one for a release', () => {
  expect(workflows.map(({ name }) => name)).toEqual(['ci.yml', 'release.yml'])
})

describe.each(workflows)('$name', ({ text, on, permissions: granted, jobs }) => {
  const steps = Object.values(jobs).flatMap((one) => one.steps)

  test('every action of others is pinned by its commit, with the version beside it', () => {
    const used = [...text.matchAll(/\buses: *(.*)$/gm)].map(([, value]) => value ?? '')
    expect(used).not.toEqual([])
    const isPinned = (value: string) =>
      value.startsWith('./') || /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(value)
    expect(used.filter((value) => !isPinned(value))).toEqual([])
  })

  test('jobs may read, and only the one that publishes may write', () => {
    expect(granted).toEqual({ contents: 'read' })
    const writing = Object.entries(jobs).filter(([, one]) =>
      Object.values(one.permissions ?? {}).includes('write'),
    )
    expect(writing.map(([name]) => name).filter((name) => name !== 'publish')).toEqual([])
    expect(on).not.toHaveProperty('pull_request_target')
  })

  test('every job ends in time', () => {
    const endless = Object.entries(jobs).filter(
      ([, one]) => one.uses === undefined && one['timeout-minutes'] === undefined,
    )
    expect(endless.map(([name]) => name)).toEqual([])
  })

  test('no checkout leaves its token behind', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.every((one) => one.with['persist-credentials'] === false)).toBe(true)
  })

  test('no script is written together with what a stranger may have typed', () => {
    const injected = steps.filter(({ run }) => /\$\{\{(?!\s*matrix\.)/.test(run ?? ''))
    expect(injected).toEqual([])
  })

  test('every script that it runs is there', () => {
    const called = steps.flatMap(({ run }) =>
      [...(run ?? '').matchAll(/npm run ([\w:-]+)|npm (test|start)\b/g)].map(
        ([, script, short]) => script ?? short ?? '',
      ),
    )
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([])
    const files = steps.flatMap(({ run }) => (run ?? '').match(/\btest\/[\w/.-]+/g) ?? [])
    expect(files.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([])
  })
})

test('a release is made only of what has been tested', () => {
  const release = workflows.find(({ name }) => name === 'release.yml')
  expect(release?.jobs['test']?.uses).toBe('./.github/workflows/ci.yml')
  expect(release?.jobs['package']?.needs).toBe('test')
  expect(release?.jobs['publish']?.needs).toBe('package')
})
