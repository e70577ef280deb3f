import fs from 'node:fs'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import { CatalogPage } from '../renderer/catalog-page.ts'

const everything = path.join(
  import.meta.dirname,
  '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
)

/** As the README of a server has it. */
const snippet = JSON.stringify({
  mcpServers: { everything: { command: process.execPath, args: [everything, 'stdio'] } },
})

/**
 * What somebody does with the window on their first day, whichever program shows it: a server added from a README, seen
 * in the list, its echo tried, its log read, a mistake made in the catalog and mended. `catalogPath` is of a catalog
 * with a comment that says "Kept".
 */
export async function firstDay(page: Page, catalogPath: string): Promise<void> {
  const catalog = new CatalogPage(page)
  await page.getByRole('link', { name: 'Catalog' }).click()
  await expect(catalog.editor).toContainText('Kept')
  await page.locator('header').getByRole('button', { name: 'Add server' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('textbox', { name: 'Text' }).fill(snippet)
  await dialog.getByRole('button', { name: 'Add server' }).click()
  expect(await catalog.saveAll()).toEqual(['Adds everything.'])

  await page.getByRole('link', { name: 'Servers' }).click()
  await page.getByRole('gridcell', { name: 'Stopped everything' }).click()
  await page.getByRole('tab', { name: 'Tools' }).click()
  await page.getByRole('row', { name: /^echo/ }).click()
  await page.getByRole('textbox', { name: 'message' }).fill('my first call')
  await page.getByRole('button', { name: /^Call/ }).click()
  await expect(page.getByRole('region', { name: 'Answer', exact: true })).toContainText(
    'Echo: my first call',
  )
  await page.getByRole('tab', { name: 'Log' }).click()
  await expect(page.getByRole('listbox', { name: 'Log lines' })).toContainText(/running|started/i)

  const before = fs.readFileSync(catalogPath, 'utf8')
  await page.getByRole('link', { name: 'Catalog' }).click()
  await catalog.placeBehind('- id: everything')
  await page.keyboard.press('Enter')
  await page.keyboard.type('enabld: true')
  await expect(page.getByRole('region', { name: 'Problems' })).toContainText('enabled')
  await expect(catalog.save).toBeDisabled()
  expect(fs.readFileSync(catalogPath, 'utf8')).toBe(before)
  for (let count = 0; count < 'enabld: true'.length; count += 1)
    await page.keyboard.press('Backspace')
  await page.keyboard.type('description: mended')
  await catalog.save.click()
  await page
    .getByRole('dialog', { name: 'Save the catalog' })
    .getByRole('button', { name: 'Save', exact: true })
    .click()
  await expect
    .poll(() => fs.readFileSync(catalogPath, 'utf8'))
    .toMatch(/^# Kept[^]*description: mended/)
}
