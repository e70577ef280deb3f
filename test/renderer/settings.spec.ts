import { expect, type Page } from '@playwright/test'
import type { DesktopState } from '../../src-shared/api.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

/** The desktop app's carrier, without its process. */
async function behaveAsApp(page: Page, gateway: FakeGateway, state: Partial<DesktopState> = {}) {
  gateway.desktop = {
    gateway: 'own',
    problem: null,
    can_launch_at_login: true,
    launch_at_login: false,
    has_tray: true,
    update: { state: 'idle', version: null, message: '' },
    ...state,
  }
  await page.exposeFunction('gatewayCall', async (name: never, input: never) => {
    try {
      return { ok: await gateway.call(name, input) }
    } catch (thrown) {
      const { code, message } = asGatewayError(thrown)
      return { error: { code, message } }
    }
  })
  await page.addInitScript(() => {
    const call: unknown = Reflect.get(window, 'gatewayCall')
    Object.assign(window, { openMcpGateway: { call, onEvent: () => () => {} } })
  })
}

const setting = (page: Page, label: string) => page.getByLabel(label, { exact: true })

test.describe('the settings', () => {
  test('are saved one by one, each with a quiet word', async ({ page, gateway, open }) => {
    await open('/settings')
    await setting(page, 'Idle timeout').fill('1.5')
    await page.keyboard.press('Enter')
    await expect.poll(() => gateway.settings.idle_timeout_seconds).toBe(90)
    await expect(setting(page, 'Idle timeout')).toHaveValue('90')
    await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toHaveCount(1)
    await page.getByLabel('Idle timeout: unit').selectOption('never')
    await expect.poll(() => gateway.settings.idle_timeout_seconds).toBe(0)
    await page.getByLabel('Idle timeout: unit').selectOption('hours')
    await expect.poll(() => gateway.settings.idle_timeout_seconds).toBe(5 * 3600)
    await setting(page, 'Hot reload').click()
    await expect.poll(() => gateway.settings.hot_reload).toBe(false)
    await setting(page, 'Log level').selectOption('debug')
    await expect.poll(() => gateway.settings.log_level).toBe('debug')
    await setting(page, 'History of requests').click()
    await expect.poll(() => gateway.settings.history).toBe(false)
    const patches = gateway.calls.filter(({ name }) => name === 'settings.set')
    expect(patches.map(({ input }) => Object.keys(input as object))).toEqual([
      ['idle_timeout_seconds'],
      ['idle_timeout_seconds'],
      ['idle_timeout_seconds'],
      ['hot_reload'],
      ['log_level'],
      ['history'],
    ])
  })

  test('say what is wrong at the field, and keep what was typed', async ({
    page,
    gateway,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(failedRequest)
    await open('/settings')
    const timeout = setting(page, 'Request timeout')
    await timeout.fill('soon')
    await page.keyboard.press('Enter')
    await expect(timeout).toHaveAttribute('aria-invalid', 'true')
    await expect(timeout).toHaveAccessibleDescription(/This must be a number, such as 5\./)
    await timeout.fill('0')
    await page.keyboard.press('Tab')
    await expect(timeout).toHaveAccessibleDescription(/The least is 1 second\./)
    await timeout.press('Escape')
    await expect(timeout).toHaveValue('30')
    const address = setting(page, 'Address')
    await address.fill('4444')
    await page.keyboard.press('Enter')
    await expect(address).toHaveAccessibleDescription(/Write it as host:port/)
    expect(gateway.calls.some(({ name }) => name === 'settings.set')).toBe(false)
    const refusal = 'The config file cannot be written. Its folder belongs to root.'
    gateway.failures.set('settings.set', new GatewayError('conflict', refusal))
    await address.fill('127.0.0.1:5555')
    await page.keyboard.press('Enter')
    await expect(page.getByText(refusal)).toBeVisible()
    await expect(address).toHaveValue('127.0.0.1:5555')
    await expectAccessible(page)
  })

  test('an address applies at the next start, and one open to the network says what it needs', async ({
    page,
    open,
  }) => {
    await open('/settings')
    await setting(page, 'Address').fill('0.0.0.0:4444')
    await expect(page.getByText('starts there only with an api_key')).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(page.getByText('Address applies at the gateway’s next start.')).toBeVisible()
    await expect(page.getByText('Saved; applies at the next start')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Restart gateway' })).toHaveCount(0)
  })

  test('the key is shown, copied and replaced, with what that breaks said first', async ({
    page,
    gateway,
    open,
    context,
  }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await open('/settings')
    await expect(page.getByText('k_9f2c1e7a40b8d35561aa')).toHaveCount(0)
    await page.getByRole('button', { name: 'Copy key' }).click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe('k_9f2c1e7a40b8d35561aa')
    await page.getByRole('button', { name: 'Show key' }).click()
    await expect(page.getByText('k_9f2c1e7a40b8d35561aa')).toBeVisible()
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'Replace the gateway’s key?' })
    await expect(dialog).toContainText('The old key is refused at once.')
    expect(gateway.calls.some(({ name }) => name === 'key.rotate')).toBe(false)
    await dialog.getByRole('button', { name: 'Replace key' }).click()
    await expect(page.getByText('k_0b77d1e2c3f4a5968778')).toBeVisible()
    await page.getByRole('button', { name: 'Hide key' }).click()
    await expect(page.getByText('k_0b77d1e2c3f4a5968778')).toHaveCount(0)
  })

  test('a key of the config or environment says where it is changed', async ({
    page,
    gateway,
    open,
  }) => {
    gateway.settings = { ...gateway.settings, key_source: 'environment' }
    await open('/settings')
    await expect(page.getByText('It comes from MCP_GATEWAY_API_KEY')).toBeVisible()
    await expect(page.getByRole('button', { name: 'New key' })).toHaveCount(0)
  })

  test('a browser knows nothing of an app', async ({ page, gateway, open }) => {
    await open('/settings')
    await expect(setting(page, 'Theme')).toBeVisible()
    await expect(page.getByText('Launch at login')).toHaveCount(0)
    expect(gateway.calls.some(({ name }) => name === 'desktop.get')).toBe(false)
  })

  test('in the app: launch at login, updates, and the gateway started anew', async ({
    page,
    gateway,
    open,
  }) => {
    await behaveAsApp(page, gateway)
    gateway.settings = { ...gateway.settings, restart_needed: ['listen_addr', 'history'] }
    await open('/settings')
    await expect(
      page.getByText('Address and History apply at the gateway’s next start.'),
    ).toBeVisible()
    await page.getByRole('button', { name: 'Restart gateway' }).click()
    await expect
      .poll(() => gateway.calls.map(({ name }) => name))
      .toContain('desktop.restart_gateway')
    await setting(page, 'Launch at login').click()
    await expect.poll(() => gateway.desktop?.launch_at_login).toBe(true)
    await expect(setting(page, 'Launch at login')).toBeChecked()
    await page.getByRole('button', { name: 'Check for updates' }).click()
    await expect.poll(() => gateway.calls.map(({ name }) => name)).toContain('desktop.update')
    await expectAccessible(page)
  })

  test('show paths to copy, and a theme that is kept', async ({ page, open, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await open('/settings')
    await page.getByRole('button', { name: 'Copy Catalog' }).click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe('/home/ada/.config/open-mcp-gateway/catalog.yaml')
    await setting(page, 'Theme').selectOption('Dark')
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await page.reload()
    await expect(setting(page, 'Theme')).toHaveValue('dark')
  })

  test('say why they could not be read, and try again', async ({
    page,
    gateway,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(failedRequest)
    gateway.failures.set('settings.get', new GatewayError('catalog_invalid', 'config.yaml:3:1: x'))
    await open('/settings')
    await expect(page.getByText('The settings could not be read.')).toBeVisible()
    gateway.failures.clear()
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(setting(page, 'Address')).toHaveValue('127.0.0.1:4444')
  })
})
