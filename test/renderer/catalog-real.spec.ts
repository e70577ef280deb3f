import fs from 'node:fs/promises'
import { expect } from '@playwright/test'
import { CatalogPage } from './catalog-page.ts'
import { everythingCatalog, startRealGateway, type RealGateway } from './real-gateway.ts'
import { failedRequest, test as base } from './window.ts'

/** The catalog screen on the real gateway, with a real file under it. */
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
  await page.getByRole('link', { name: 'Catalog' }).click()
  await expect(page.getByRole('textbox', { name: 'catalog.yaml' })).toContainText('Kept by hand.')
})

test('a README’s JSON becomes a server in the file, and runs', async ({ page, real }) => {
  const catalog = new CatalogPage(page)
  await page.getByRole('button', { name: 'Add server' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('textbox', { name: 'Text' }).fill(
    JSON.stringify({
      mcpServers: {
        memory: {
          command: process.execPath,
          args: ['node_modules/@modelcontextprotocol/server-memory/dist/index.js'],
        },
      },
    }),
  )
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await page.getByRole('textbox', { name: 'Working folder' }).fill(process.cwd())
  await page.getByRole('textbox', { name: 'Working folder' }).blur()
  await expect(catalog.editor).toContainText('working_dir:')
  expect(await catalog.saveAll()).toEqual(['Adds memory.'])
  const text = await fs.readFile(real.catalogPath, 'utf8')
  expect(text.startsWith(everythingCatalog)).toBe(true)
  await page.getByRole('link', { name: 'Servers' }).click()
  await page.getByRole('button', { name: 'Start memory' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'memory' }).last()).toContainText('Running')
})

test('a mistake is told in the gateway’s words at its line, and the file stays as it is', async ({
  page,
  real,
}) => {
  const catalog = new CatalogPage(page)
  await catalog.placeBehind('display_name: Broken')
  await page.keyboard.press('Enter')
  await page.keyboard.type('enabld: true')
  const problem = page.getByRole('region', { name: 'Problems' })
  await expect(problem).toContainText('12:5')
  await expect(problem).toContainText('enabled')
  await expect(catalog.save).toBeDisabled()
  expect(await fs.readFile(real.catalogPath, 'utf8')).toBe(everythingCatalog)
  for (let count = 0; count < ': true'.length + 1; count += 1)
    await page.keyboard.press('Backspace')
  await page.keyboard.type('ed: false')
  expect(await catalog.saveAll()).toEqual(['Disables broken.'])
  expect(await fs.readFile(real.catalogPath, 'utf8')).toBe(
    everythingCatalog.replace('Broken\n', 'Broken\n    enabled: false\n'),
  )
})

test('an edit on disk is shown beside the one here, and neither is lost', async ({
  page,
  real,
}) => {
  const catalog = new CatalogPage(page)
  await catalog.placeBehind('display_name: Broken')
  await page.keyboard.type(' here')
  await expect(page.getByText('● Not saved')).toBeVisible()
  const theirs = everythingCatalog.replace('[sample]', '[sample, theirs]')
  await fs.writeFile(real.catalogPath, theirs)
  await expect(page.getByText('catalog.yaml was changed by another program.')).toBeVisible()
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await catalog.saveAll()
  expect(await fs.readFile(real.catalogPath, 'utf8')).toBe(
    theirs.replace('display_name: Broken', 'display_name: Broken here'),
  )
  await catalog.notice('Catalog saved').getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => fs.readFile(real.catalogPath, 'utf8')).toBe(theirs)
})

test('a save on top of a file that has just changed is refused', async ({
  page,
  real,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const catalog = new CatalogPage(page)
  await catalog.placeBehind('display_name: Broken')
  await page.keyboard.type(' here')
  await catalog.save.click()
  const dialog = page.getByRole('dialog', { name: 'Save the catalog' })
  const save = dialog.getByRole('button', { name: 'Save', exact: true })
  await expect(save).toBeVisible()
  const theirs = `${everythingCatalog}# theirs\n`
  await fs.writeFile(real.catalogPath, theirs)
  await save.click()
  await expect(dialog.getByText('The catalog was not saved.')).toBeVisible()
  expect(await fs.readFile(real.catalogPath, 'utf8')).toBe(theirs)
})

test('a text on disk that is not valid is taken into the editor, with its problems', async ({
  page,
  real,
}) => {
  const catalog = new CatalogPage(page)
  await fs.writeFile(real.catalogPath, `${everythingCatalog}  - id: everything\n`)
  await expect(page.getByRole('button', { name: '2 problems' })).toBeVisible()
  await expect(catalog.editor.locator('.cm-lintRange-error').first()).toBeVisible()
})
