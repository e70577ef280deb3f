import { expect } from '@playwright/test'
import { CatalogPage } from './catalog-page.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

test.describe('a change by another program', () => {
  test('is taken at once where nothing is unsaved, and the cursor keeps its place', async ({
    page,
    gateway,
    open,
  }) => {
    const catalog = new CatalogPage(page)
    await open('/catalog')
    await catalog.placeBehind('display_name: GitHub')
    const theirs = `# one more line\n${gateway.catalog.text}`
    gateway.changeCatalogOnDisk(theirs)
    await catalog.expectText(theirs)
    await expect(page.getByText('was changed by another program')).toBeHidden()
    await page.keyboard.type('!')
    await catalog.expectText(theirs.replace('display_name: GitHub', 'display_name: GitHub!'))
  })

  test('is shown where something is, and both are kept where they do not meet', async ({
    page,
    gateway,
    open,
  }) => {
    const catalog = new CatalogPage(page)
    await open('/catalog')
    const base = gateway.catalog.text
    await catalog.placeBehind('display_name: GitHub')
    await page.keyboard.type('!')
    const theirs = base.replace('deny: [drop_table]', 'deny: [drop_*]')
    gateway.changeCatalogOnDisk(theirs)
    await expect(page.getByText('catalog.yaml was changed by another program.')).toBeVisible()
    await expect(catalog.save).toBeDisabled()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Show difference' }).click()
    const dialog = page.getByRole('dialog', { name: 'The file’s text and yours' })
    await expect(dialog.getByText('display_name: GitHub!')).toBeVisible()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Keep mine' }).click()
    await catalog.expectText(theirs.replace('display_name: GitHub', 'display_name: GitHub!'))
    expect(gateway.catalog.text).toBe(theirs)
    expect(await catalog.saveAll()).toEqual(['Changes github, at once, without a restart.'])
    expect(gateway.catalog.text).toContain('drop_*')
  })

  test('in the same lines is decided by the person; either way nothing is written unseen', async ({
    page,
    gateway,
    open,
  }) => {
    const catalog = new CatalogPage(page)
    await open('/catalog')
    const base = gateway.catalog.text
    await catalog.placeBehind('display_name: GitHub')
    await page.keyboard.type(' (mine)')
    const theirs = base.replace('display_name: GitHub', 'display_name: GitHub (theirs)')
    gateway.changeCatalogOnDisk(theirs)
    await page.getByRole('button', { name: 'Keep mine' }).click()
    const clash = page.getByRole('dialog', { name: 'Both have changed the same lines' })
    await expect(clash).toBeVisible()
    await clash.getByRole('button', { name: 'Close' }).first().click()
    await page.getByRole('button', { name: 'Take theirs' }).click()
    await catalog.expectText(theirs)
    // Undo brings one's own back, now on top of theirs.
    await catalog.editor.focus()
    await page.keyboard.press('Control+z')
    await catalog.expectText(base.replace('display_name: GitHub', 'display_name: GitHub (mine)'))
    expect(gateway.catalog.text).toBe(theirs)
    expect(await catalog.saveAll()).toEqual(['Changes github, at once, without a restart.'])
    expect(gateway.catalog.text).toContain('(mine)')
  })

  test('that comes between reading and saving refuses the save, and is shown', async ({
    page,
    gateway,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(failedRequest)
    const catalog = new CatalogPage(page)
    await open('/catalog')
    const theirs = gateway.catalog.text.replace('drop_table', 'drop_*')
    await catalog.placeBehind('display_name: GitHub')
    await page.keyboard.type('!')
    await catalog.save.click()
    // No event tells: its watcher has not seen it yet.
    gateway.catalog.changeOnDisk(theirs)
    const dialog = page.getByRole('dialog', { name: 'Save the catalog' })
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(dialog.getByText('The catalog was not saved.')).toBeVisible()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByText('catalog.yaml was changed by another program.')).toBeVisible()
    expect(gateway.catalog.text).toBe(theirs)
  })
})

test('a save is undone, unless somebody has written since', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const catalog = new CatalogPage(page)
  await open('/catalog')
  const base = gateway.catalog.text
  await catalog.placeBehind('display_name: GitHub')
  await page.keyboard.type('!')
  await catalog.saveAll()
  const notice = catalog.notice('Catalog saved')
  await notice.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => gateway.catalog.text).toBe(base)
  await catalog.expectText(base)
  await expect(catalog.save).toBeDisabled()

  await catalog.placeBehind('display_name: GitHub')
  await page.keyboard.type('?')
  await catalog.saveAll()
  const theirs = `${gateway.catalog.text}# theirs\n`
  gateway.catalog.changeOnDisk(theirs)
  await notice.last().getByRole('button', { name: 'Undo' }).click()
  await expect(catalog.notice('The save was not undone.')).toBeVisible()
  expect(gateway.catalog.text).toBe(theirs)
})

test('a server is removed and had back, and changes are discarded and had back', async ({
  page,
  gateway,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  const base = gateway.catalog.text
  await page.getByRole('button', { name: 'More for PostgreSQL' }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await expect(catalog.editor).not.toContainText('id: postgres')
  await catalog.notice('postgres is taken out').getByRole('button', { name: 'Undo' }).click()
  await catalog.expectText(base)
  // The list follows once the text is checked: a click before meets a row that moves.
  await expect(page.getByRole('row', { name: 'PostgreSQL' })).toBeVisible()
  await catalog.choose('Files')
  await page.getByRole('button', { name: 'More for Files' }).click()
  await page.getByRole('menuitem', { name: 'Duplicate' }).click()
  await expect(catalog.editor).toContainText('id: filesystem-2')
  await page.getByRole('button', { name: 'Discard' }).click()
  await catalog.expectText(base)
  await catalog.notice('Changes discarded').getByRole('button', { name: 'Undo' }).click()
  await expect(catalog.editor).toContainText('id: filesystem-2')
})

test('leaving with unsaved changes asks first', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await catalog.placeBehind('display_name: GitHub')
  await page.keyboard.type('!')
  await page.getByRole('link', { name: 'Logs' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your changes are not saved' })
  await dialog.getByRole('button', { name: 'Stay' }).click()
  await expect(catalog.editor).toContainText('GitHub!')
  await page.getByRole('link', { name: 'Logs' }).click()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Review and save' }).click()
  await page
    .getByRole('dialog', { name: 'Save the catalog' })
    .getByRole('button', { name: 'Cancel' })
    .click()
  await page.getByRole('link', { name: 'Logs' }).click()
  await dialog.getByRole('button', { name: 'Discard and leave' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Logs' })).toBeVisible()
})

test('closing the window with unsaved changes asks, too', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await catalog.placeBehind('display_name: GitHub')
  await page.keyboard.type('!')
  await expect(page.getByText('● Not saved')).toBeVisible()
  const asked = page.waitForEvent('dialog')
  await page.evaluate(() => setTimeout(() => location.reload()))
  const question = await asked
  expect(question.type()).toBe('beforeunload')
  await question.dismiss()
  await expect(catalog.editor).toContainText('GitHub!')
})
