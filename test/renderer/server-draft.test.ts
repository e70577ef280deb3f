import { expect, test } from 'vitest'
import { draftOf, patchOf, problemsOf } from '../../src-renderer/screens/server/settings/draft.ts'

const entry = {
  id: 'postgres',
  display_name: 'PostgreSQL',
  tags: ['database', 'local'],
  env: { A: '1', B: '${B}' },
  idle_timeout_seconds: 60,
  tools: { deny: ['drop_*'] },
  runtime: { type: 'local-process', command: 'x' },
}

test('a draft that was not touched changes nothing', () => {
  expect(patchOf(entry, draftOf(entry))).toEqual({})
  expect(patchOf({ id: 'x' }, draftOf({ id: 'x' }))).toEqual({})
})

test('only what was changed is in the patch; what is emptied is taken out', () => {
  const draft = {
    ...draftOf(entry),
    displayName: ' ',
    tags: 'database',
    alwaysOn: true,
    idleTimeout: '',
    requestTimeout: '90',
    isolation: 'session' as const,
    inheritEnv: 'names' as const,
    inheritNames: 'SSH_AUTH_SOCK, KUBECONFIG',
    deny: 'drop_*\nexec',
  }
  expect(patchOf(entry, draft)).toEqual({
    display_name: null,
    tags: ['database'],
    always_on: true,
    idle_timeout_seconds: null,
    request_timeout_seconds: 90,
    isolation: 'session',
    inherit_env: ['SSH_AUTH_SOCK', 'KUBECONFIG'],
    tools: { allow: null, deny: ['drop_*', 'exec'] },
  })
})

test('variables are patched one by one', () => {
  const { env, ...rest } = draftOf(entry)
  const [a, b] = env
  if (a === undefined || b === undefined) throw new Error('Two variables were expected.')
  const changed = [
    { ...a, value: '2' },
    { key: 5, name: 'C', value: '3' },
  ]
  expect(patchOf(entry, { ...rest, env: changed })).toEqual({ env: { A: '2', B: null, C: '3' } })
  expect(patchOf(entry, { ...rest, env: [] })).toEqual({ env: null })
  expect(patchOf(entry, { ...rest, env: [{ ...a, name: 'D' }, b] })).toEqual({
    env: { A: null, D: '1' },
  })
})

test('what was off goes back to its default by leaving the catalog', () => {
  const off = { id: 'x', enabled: false, always_on: true, overlap: false, isolation: 'shared' }
  expect(
    patchOf(off, {
      ...draftOf(off),
      enabled: true,
      alwaysOn: false,
      overlap: true,
      isolation: 'auto',
    }),
  ).toEqual({ enabled: null, always_on: null, overlap: null, isolation: null })
})

test('limits and names are checked', () => {
  const draft = {
    ...draftOf(entry),
    idleTimeout: '0',
    requestTimeout: '0',
    startTimeout: '1.5',
    env: [
      { key: 0, name: 'OK', value: '' },
      { key: 1, name: 'OK', value: '' },
    ],
  }
  expect(problemsOf(draft)).toEqual({
    requestTimeout: 'A whole number of seconds, 1 or more',
    startTimeout: 'A whole number of seconds, 1 or more',
    env: 'OK is there twice',
  })
  expect(problemsOf({ ...draft, env: [{ key: 0, name: 'no-good', value: '' }] }).env).toContain(
    'no-good',
  )
})
