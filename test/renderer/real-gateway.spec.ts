import fs from 'node:fs/promises'
import { expect } from '@playwright/test'
import { everythingCatalog, startRealGateway, type RealGateway } from './real-gateway.ts'
import { expectAccessible, failedRequest, test as base } from './window.ts'

/** The window that the real gateway serves, with its own CSP, and real servers behind it. */
const test = base.extend<{ real: RealGateway }>({
  real: async ({ page }, use) => {
    const real = await startRealGateway(everythingCatalog)
    await use(real)
    // First the window: it would miss its gateway.
    await page.close()
    await real.stop()
  },
})

test.beforeEach(async ({ page, real }) => {
  await page.goto(await real.link())
  await page.getByRole('gridcell', { name: 'Everything', exact: false }).first().waitFor()
})

test('a server is started, its tool tried, its log read, and stopped: no process is left', async ({
  page,
}) => {
  await page.getByRole('button', { name: 'Start Everything' }).click()
  const row = page.getByRole('row').filter({ hasText: 'Everything' }).last()
  await expect(row).toContainText('Running')
  await expect(row).toContainText('MB')
  await page.getByRole('gridcell', { name: 'Running Everything' }).click()
  const pids = page
    .getByRole('tabpanel')
    .getByText(/^\d+(, \d+)*$/)
    .last()
  const pid = Number((await pids.textContent())?.split(',')[0])
  expect(isAlive(pid)).toBe(true)

  await page.getByRole('tab', { name: 'Tools' }).click()
  await page.getByRole('row', { name: /^echo/ }).click()
  await page.getByRole('textbox', { name: 'message' }).fill('from the window')
  await page.getByRole('button', { name: /^Call/ }).click()
  const answer = page.getByRole('region', { name: 'Answer', exact: true })
  await expect(answer).toContainText('Echo: from the window')
  await page.getByRole('row', { name: /get-tiny-image/ }).click()
  await page.getByRole('button', { name: /^Call/ }).click()
  const image = answer.getByRole('img')
  await expect
    .poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth))
    .toBeGreaterThan(0)

  await page.getByRole('tab', { name: 'Log' }).click()
  await expect(page.getByRole('listbox', { name: 'Log lines' })).toContainText(/running|started/i)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('a long call shows its progress and is cancelled', async ({ page, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await page.getByRole('gridcell', { name: 'Stopped Everything' }).click()
  await page.getByRole('tab', { name: 'Tools' }).click()
  await page.getByRole('row', { name: /trigger-long-running-operation/ }).click()
  await page.getByLabel('duration').fill('60')
  await page.getByLabel('steps').fill('120')
  await page.getByRole('button', { name: /^Call/ }).click()
  await expect(page.getByRole('progressbar')).toHaveAttribute('max', '120')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('region', { name: 'Answer', exact: true })).toContainText(/cancel/i)
})

test('a server that cannot start says why and what to do', async ({ page, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await page.getByRole('button', { name: 'Start Broken' }).click()
  const notices = page.getByRole('region', { name: /Notices/ })
  await expect(notices).toContainText('Broken did not start.')
  await expect(notices).toContainText('no-such-command-here')
  await expect(page.getByRole('row').filter({ hasText: 'Broken' }).first()).toContainText(
    'no-such-command-here',
  )
  await expectAccessible(page)
})

test('an edit of the settings reaches the file with its comments, and the list at once', async ({
  page,
  real,
}) => {
  await page.getByRole('gridcell', { name: 'Stopped Everything' }).click()
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Display name').fill('All of it')
  await page.getByLabel('Request limit').fill('90')
  await page.getByRole('button', { name: 'Review and save' }).click()
  await expect(page.getByRole('region', { name: 'Changes to the catalog' })).toContainText(
    'display_name: All of it # of the protocol',
  )
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'All of it' })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'Stopped All of it' })).toBeVisible()
  const text = await fs.readFile(real.catalogPath, 'utf8')
  expect(text).toContain('# Kept by hand.')
  expect(text).toContain('request_timeout_seconds: 90')
})

test('a tool that is switched off is gone for clients, and stays so in the file', async ({
  page,
  real,
}) => {
  await page.getByRole('gridcell', { name: 'Stopped Everything' }).click()
  await page.getByRole('tab', { name: 'Tools' }).click()
  const echo = page.getByRole('switch', { name: 'Clients may use echo' })
  await echo.click()
  await expect(echo).not.toBeChecked()
  await expect
    .poll(async () =>
      /deny:\s*(\[echo\]|\n\s*- echo)/.test(await fs.readFile(real.catalogPath, 'utf8')),
    )
    .toBe(true)
  await echo.click()
  await expect(echo).toBeChecked()
})

test('an edit on disk shows without a reload, and one that is not valid is said', async ({
  page,
  real,
}) => {
  const text = await fs.readFile(real.catalogPath, 'utf8')
  await fs.writeFile(real.catalogPath, text.replace('display_name: Broken', 'display_name: Mended'))
  await expect(page.getByRole('gridcell', { name: 'Stopped Mended' })).toBeVisible()
  await fs.writeFile(real.catalogPath, `${text}\n  - id: everything\n`)
  await expect(page.getByText('The catalog on disk is not valid')).toBeVisible()
  await expect(page.getByText(/Duplicate server ID|missing required field/)).toBeVisible()
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
