import { describe, expect, test } from 'vitest'
import { trayModel } from '../../src-main/desktop/tray-model.ts'
import type { SignIn } from '../../src-shared/sign-in.ts'
import type { TrayItem, TrayState } from '../../src-main/desktop/tray-model.ts'

type Server = TrayState['servers'][number]

function server(id: string, status: Server['status'], more: Partial<Server> = {}): Server {
  return { id, display_name: id, status, reason: '', enabled: true, sign_in: null, ...more }
}

function state(servers: readonly Server[], more: Partial<TrayState> = {}): TrayState {
  return {
    gateway: 'own',
    problem: null,
    paused: false,
    servers,
    launchAtLogin: { can: true, on: false },
    update: { state: 'idle', version: null, message: '' },
    ...more,
  }
}

const labels = (items: readonly TrayItem[]): string[] =>
  items.map((item) => (item.type === 'separator' ? '–' : item.label))
const find = (items: readonly TrayItem[], label: string): TrayItem | undefined =>
  items.find((item) => item.type !== 'separator' && item.label.includes(label))

describe('the icon is that of the worst state', () => {
  const { icon: none } = trayModel(state([]))
  test.each([
    [['running', 'unhealthy', 'starting'], 'unhealthy'],
    [['running', 'starting', 'stopped'], 'changing'],
    [['stopping', 'running'], 'changing'],
    [['running', 'stopped'], 'running'],
    [['stopped', 'stopped'], 'stopped'],
  ] as const)('%j is %s', (states, icon) => {
    expect(trayModel(state(states.map((one, at) => server(`s${at}`, one)))).icon).toBe(icon)
  })

  test('without servers nothing runs', () => {
    expect(none).toBe('stopped')
  })

  test('without a gateway it is the worst of all, and the menu says why and offers another try', () => {
    const problem = 'Cannot listen on 127.0.0.1:4444: another program is using that port.'
    const { icon, tooltip, items } = trayModel(state([], { gateway: 'none', problem }))
    expect(icon).toBe('unhealthy')
    expect(tooltip).toContain('another program')
    expect(labels(items)).toEqual([
      expect.stringContaining('No gateway. Cannot listen on 127.0.0.1:4444'),
      'Open window',
      '–',
      'Try again',
      '–',
      'Launch at login',
      'Quit',
    ])
  })
})

test('the words tell what runs, and what is wrong by its name', () => {
  const two = [server('a', 'running'), server('b', 'stopped')]
  expect(trayModel(state(two)).tooltip).toBe('Open MCP Gateway: 1 of 2 servers runs')
  expect(
    trayModel(state([...two, server('pg', 'unhealthy', { display_name: 'Postgres' })])).tooltip,
  ).toBe('Open MCP Gateway: Postgres is unhealthy')
  expect(trayModel(state(two, { paused: true })).tooltip).toBe('Open MCP Gateway: paused')
})

test('each server has its mark, why it is so, and what can be done with it now', () => {
  const { items } = trayModel(
    state([
      server('idle', 'stopped', { reason: 'idle for 5 min' }),
      server('up', 'running'),
      server('off', 'stopped', { enabled: false, reason: 'disabled' }),
    ]),
  )
  const menuOf = (name: string) => {
    const item = find(items, name)
    return item?.type === 'submenu' ? item.items : []
  }
  const enabled = (name: string) =>
    menuOf(name).flatMap((item) => (item.type === 'act' && item.enabled ? [item.label] : []))
  expect(find(items, 'up')).toMatchObject({ label: '● up' })
  expect(menuOf('idle')[0]).toEqual({ type: 'text', label: 'Stopped: idle for 5 min' })
  expect(enabled('idle')).toEqual(['Start'])
  expect(enabled('up')).toEqual(['Stop', 'Restart'])
  expect(enabled('off')).toEqual([])
  expect(find(menuOf('up'), 'Restart')).toMatchObject({ act: { do: 'restart', id: 'up' } })
})

describe('a server that needs a sign-in', () => {
  const signIn = (state: SignIn['state']): SignIn => ({
    state,
    issuer: 'https://linear.app',
    account: null,
    scopes: [],
    expires_at: null,
    renews: false,
    problem: null,
  })
  const linear = (state: SignIn['state'], more: Partial<Server> = {}) =>
    server('linear', 'stopped', { display_name: 'Linear', sign_in: signIn(state), ...more })

  test.each(['needed', 'failed'] as const)(
    '%s: it asks for attention, which is no failure',
    (now) => {
      const { icon, tooltip, items } = trayModel(state([server('a', 'running'), linear(now)]))
      expect(icon).toBe('attention')
      expect(tooltip).toBe('Open MCP Gateway: Linear needs a sign-in')
      const shown = items.filter(({ type }) => type === 'submenu')
      expect(labels(shown)).toEqual(['◆ Linear', '● a'])
      const [first] = shown
      expect(first?.type === 'submenu' && first.items.slice(0, 2)).toEqual([
        { type: 'text', label: 'Sign-in needed: at linear.app' },
        { type: 'act', label: 'Sign in', act: { do: 'sign-in', id: 'linear' }, enabled: true },
      ])
    },
  )

  test('what has failed is worse; several are counted', () => {
    const sick = server('sick', 'unhealthy')
    const { icon, items } = trayModel(state([linear('needed'), sick]))
    expect(icon).toBe('unhealthy')
    expect(labels(items.filter(({ type }) => type === 'submenu'))).toEqual(['▲ sick', '◆ Linear'])
    expect(trayModel(state([linear('needed'), linear('failed', { id: 'two' })])).tooltip).toContain(
      '2 servers need a sign-in',
    )
  })

  test('while the browser is open it is under way, and the same link can be opened again', () => {
    const { icon, items } = trayModel(state([linear('in_progress')]))
    expect(icon).toBe('changing')
    const item = find(items, 'Linear')
    expect(item).toMatchObject({ label: '◐ Linear' })
    expect(item?.type === 'submenu' && labels(item.items).slice(0, 2)).toEqual([
      'Signing in: waiting for the browser',
      'Sign in',
    ])
  })

  test('one that is signed in, or disabled, is as any other', () => {
    const one = linear('signed_in', { status: 'running' })
    const off = linear('needed', { id: 'off', enabled: false, reason: 'disabled' })
    const { icon, items } = trayModel(state([one, off]))
    expect(icon).toBe('running')
    expect(JSON.stringify(items)).not.toContain('Sign in')
  })
})

test('while paused nothing can be started, and the menu resumes', () => {
  const { items, icon } = trayModel(state([server('a', 'stopped')], { paused: true }))
  expect(icon).toBe('stopped')
  expect(JSON.stringify(items)).not.toMatch(/"do":"start","id":"a"},"enabled":true/)
  expect(find(items, 'Resume')).toMatchObject({ act: { do: 'resume' }, enabled: true })
  expect(find(items, 'Pause all servers')).toBeUndefined()
})

test('of many servers the menu shows those that need looking after first, and says how many more', () => {
  const many = Array.from({ length: 40 }, (_, at) =>
    server(`s${String(at).padStart(2, '0')}`, 'stopped'),
  )
  many[30] = server('sick', 'unhealthy')
  many[31] = server('busy', 'running')
  const { items } = trayModel(state(many))
  const shown = items.filter(({ type }) => type === 'submenu')
  expect(labels(shown).slice(0, 3)).toEqual(['▲ sick', '● busy', '○ s00'])
  expect(shown).toHaveLength(12)
  expect(find(items, '28 more in the window…')).toMatchObject({
    act: { do: 'show', route: '#/servers' },
  })
  // Thirteen are shown: one more line would be as long.
  expect(
    trayModel(state(many.slice(0, 13))).items.filter(({ type }) => type === 'submenu'),
  ).toHaveLength(13)
})

test('clients are a click away wherever there is a gateway', () => {
  expect(find(trayModel(state([])).items, 'Connect clients…')).toMatchObject({
    act: { do: 'show', route: '#/clients' },
    enabled: true,
  })
  expect(find(trayModel(state([], { gateway: 'starting' })).items, 'Connect')).toBeUndefined()
})

test('launch at login shows its state and turns it round, where it can be had', () => {
  const on = { can: true, on: true }
  expect(find(trayModel(state([], { launchAtLogin: on })).items, 'Launch at login')).toMatchObject({
    checked: true,
    act: { do: 'launch-at-login', on: false },
  })
  const never = { can: false, on: false }
  expect(
    find(trayModel(state([], { launchAtLogin: never })).items, 'Launch at login'),
  ).toBeUndefined()
})

test('an update that is ready is offered', () => {
  const update = { state: 'ready' as const, version: '2.0.0', message: '' }
  expect(find(trayModel(state([], { update })).items, 'Restart to update')).toMatchObject({
    act: { do: 'update' },
  })
  expect(find(trayModel(state([])).items, 'Restart to update')).toBeUndefined()
})

test('the same state gives the same tray', () => {
  const one = state([server('b', 'running'), server('a', 'running')])
  const other = state([server('a', 'running'), server('b', 'running')])
  expect(trayModel(one)).toEqual(trayModel(other))
})
