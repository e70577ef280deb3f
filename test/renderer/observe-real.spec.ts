import fs from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { everythingCatalog, startRealGateway, type RealGateway } from './real-gateway.ts'
import { expectAccessible, test as base } from './window.ts'

/** Logs, activity and settings of the real gateway, with a real server and a real client's calls. */
const test = base.extend<{ real: RealGateway }>({
  real: async ({ page }, use) => {
    const real = await startRealGateway(everythingCatalog)
    await use(real)
    // First the window: it would miss its gateway.
    await page.close()
    await real.stop()
  },
})

async function keyOf(real: RealGateway): Promise<string> {
  return (await fs.readFile(path.join(real.dir, 'state', 'key'), 'utf8')).trim()
}

/** A call as a script makes it. */
async function echo(real: RealGateway, message: string): Promise<void> {
  const response = await fetch(`${real.url}/mcp`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${await keyOf(real)}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({
      server_id: 'everything',
      method: 'tools/call',
      params: { name: 'echo', arguments: { message } },
    }),
  })
  expect(response.status).toBe(200)
}

test.beforeEach(async ({ page, real }) => {
  await page.goto(await real.link())
  await page.getByRole('gridcell', { name: 'Everything', exact: false }).first().waitFor()
})

test('a client’s call shows with what was asked and answered, and is replayed to the same', async ({
  page,
  real,
}) => {
  await page.getByRole('link', { name: 'Activity' }).click()
  await expect(page.getByText('No requests yet.')).toBeVisible()
  await echo(real, 'from a script')
  const row = page
    .getByRole('grid', { name: 'Requests' })
    .getByRole('row')
    .filter({ hasText: 'echo' })
  await expect(row.first()).toContainText('everything')
  await row.first().click()
  await expect(page.getByRole('region', { name: 'Answer' }).first()).toContainText(
    'Echo: from a script',
  )
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  await expect(page.getByText('None: the answers are the same.')).toBeVisible()
  await expect(row).toHaveCount(2)
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByRole('button', { name: 'Clear history' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Clear history' }).click()
  await expect(page.getByText('No requests yet.')).toBeVisible()
  await page.reload()
  await expect(page.getByText('No requests yet.')).toBeVisible()
})

test('the log has what a server went through, before and after it was looked at', async ({
  page,
  real,
}) => {
  await echo(real, 'starts it')
  await page.getByRole('link', { name: 'Logs' }).click()
  const lines = page.getByRole('listbox', { name: 'Log lines' }).getByRole('option')
  await expect(lines.filter({ hasText: 'lifecycle' }).first()).toContainText('everything')
  await expect(lines.filter({ hasText: /Ready after \d+ ms/ })).toHaveCount(1)
  await fetch(`${real.url}/servers/everything/stop`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${await keyOf(real)}` },
  })
  await expect(lines.filter({ hasText: 'Stopping:' })).toHaveCount(1)
  await expectAccessible(page)
})

test('a setting is written into the file, and what waits for the next start is said', async ({
  page,
  real,
}) => {
  const config = path.join(real.dir, 'config.yaml')
  await fs.appendFile(config, '# by hand\n')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Idle timeout', { exact: true }).fill('7')
  await page.keyboard.press('Enter')
  await expect.poll(() => fs.readFile(config, 'utf8')).toContain('idle_timeout_seconds: 420')
  await page.getByLabel('Address', { exact: true }).fill('127.0.0.1:4999')
  await page.keyboard.press('Enter')
  await expect(page.getByText(/Address .*at the gateway’s next start\./)).toBeVisible()
  expect(await fs.readFile(config, 'utf8')).toContain('# by hand')
})

test('a new key replaces the old one, and this window stays signed in', async ({ page, real }) => {
  const old = await keyOf(real)
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Show key' }).click()
  await expect(page.getByText(old)).toBeVisible()
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Replace key' }).click()
  await expect(page.getByText(old)).toHaveCount(0)
  const fresh = await keyOf(real)
  expect(fresh).not.toBe(old)
  await expect(page.getByText(fresh)).toBeVisible()
  const refused = await fetch(`${real.url}/servers`, {
    headers: { Authorization: `Bearer ${old}` },
  })
  expect(refused.status).toBe(403)
  await page.reload()
  await expect(page.getByLabel('Address', { exact: true })).toBeVisible()
})
