import { expect } from '@playwright/test'
import { firstDay } from '../support/whole-app.ts'
import { startRealGateway } from './real-gateway.ts'
import { test } from './window.ts'

/** The same day as test/desktop/whole-app.spec.ts has it, with the headless gateway and a browser. */
test('the first day with the dashboard, from a pasted README to the end of the gateway', async ({
  page,
}) => {
  test.slow()
  const gateway = await startRealGateway('# Kept by hand.\nservers: []\n')
  try {
    await page.goto(await gateway.link())
    await firstDay(page, gateway.catalogPath)
    await page.getByRole('link', { name: 'Servers' }).click()
    await page.getByRole('button', { name: 'Stop everything' }).click()
    await expect(page.getByRole('gridcell', { name: 'Stopped everything' })).toBeVisible()
    await page.getByRole('button', { name: 'Start everything' }).click()
    await expect(page.getByRole('gridcell', { name: 'Running everything' })).toBeVisible()
  } finally {
    // First the window: it would miss its gateway.
    await page.close()
    await gateway.stop()
  }
})
