import { expect } from '@playwright/test'
import { expectAccessible, failedRequest, test } from './window.ts'

test('a one-time link signs in, and its code is gone from the address at once', async ({
  page,
  server,
}) => {
  await page.goto(`${server.url}#code=good`)
  await expect(page.getByRole('heading', { name: 'Servers', level: 1 })).toBeVisible()
  expect(page.url()).not.toContain('code=')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Servers', level: 1 })).toBeVisible()
})

test('a used link says what to run', async ({ page, server, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await page.goto(`${server.url}#code=used`)
  await expect(page.getByRole('heading')).toHaveText('This link is used up or expired')
  await expect(page.getByText('gateway open')).toBeVisible()
  await expectAccessible(page)
})

test('a browser without a link is told the same', async ({ page, server, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await page.goto(server.url)
  await expect(page.getByRole('heading')).toHaveText('This link is used up or expired')
})

test('a lost gateway is said, and what is shown catches up when it is back', async ({
  page,
  gateway,
  server,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(/net::ERR_/)
  await open()
  await expect(page.getByText('127.0.0.1:4444')).toBeVisible()
  server.down()
  await expect(page.getByText('The gateway does not answer.')).not.toHaveCount(0)
  await expect(page.getByText('Not connected')).toBeVisible()
  gateway.info = { ...gateway.info, sessions: 12 }
  server.up()
  await expect(page.getByText('12 sessions')).toBeVisible()
  await expect(page.getByText('Not connected')).toBeHidden()
})

test('Ctrl+K reaches a server, a screen and an act', async ({ page, gateway, open }) => {
  await open()
  await page.keyboard.press('Control+k')
  const input = page.getByRole('combobox', { name: 'Search servers, screens and actions' })
  await input.fill('start mem')
  await page.getByRole('option', { name: 'Start Memory', exact: true }).waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => gateway.servers.find(({ id }) => id === 'memory')?.status).toBe('running')
  await page.keyboard.press('Control+k')
  await input.fill('settings')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Settings', level: 1 })).toBeVisible()
  await page.keyboard.press('Control+k')
  await input.fill('pause')
  await page.keyboard.press('Enter')
  await expect.poll(() => gateway.info.paused).toBe(true)
})

test('the palette and the keys are accessible', async ({ page, open }) => {
  await open()
  await page.keyboard.press('Control+k')
  await page.getByRole('option').first().waitFor()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await expectAccessible(page)
})

test('a theme that was chosen stays', async ({ page, open }) => {
  await open()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search servers, screens and actions' }).fill('dark')
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})
