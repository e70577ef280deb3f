import fs from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { expectAccessible, failedRequest, test } from './window.ts'

const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'Import servers' })
const found = (page: Page, id: string) =>
  dialogOf(page)
    .getByRole('listitem')
    .filter({ has: page.getByRole('checkbox', { name: `Import ${id}`, exact: true }) })

async function look(page: Page): Promise<void> {
  await dialogOf(page).getByRole('button', { name: 'Look for servers' }).click()
  await dialogOf(page).getByRole('list', { name: 'Servers found' }).waitFor()
}

test('what clients have is found, with its secrets, and moves into the catalog; entries give way; all of it goes back', async ({
  page,
  gateway,
  open,
}) => {
  const claude = await gateway.clients.file('.config/Claude/claude_desktop_config.json')
  const cline = await gateway.clients.file(
    '.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
  )
  const [claudeBefore, clineBefore] = [
    fs.readFileSync(claude, 'utf8'),
    fs.readFileSync(cline, 'utf8'),
  ]
  const catalogBefore = gateway.catalog.text
  await open('/clients')
  await page.getByRole('button', { name: 'Import servers' }).click()
  const dialog = dialogOf(page)
  await expect(dialog.getByRole('checkbox', { name: /Claude Desktop/ })).toBeChecked()
  await expectAccessible(page)
  await look(page)

  // One server of two clients, with its secret, is one.
  const search = found(page, 'brave-search')
  await expect(search).toContainText('brave-search in Claude Desktop, search in Cline in VS Code')
  await expect(search).toContainText('${secret:')
  await expect(search).not.toContainText('BSAq7')
  await expect(found(page, 'linear')).toContainText('https://mcp.linear.app/mcp')
  await expect(found(page, 'linear')).toContainText('Header Authorization')
  await expect(dialog).toContainText('/home/ada/.gemini/settings.json')
  await expectAccessible(page)

  await found(page, 'playwright').getByRole('checkbox').uncheck()
  const id = found(page, 'notes').getByRole('textbox')
  await id.fill('postgres')
  await expect(dialog).toContainText("There is a server 'postgres' already.")
  await expect(dialog.getByRole('button', { name: /^Import \d/ })).toBeDisabled()
  await id.fill('my-notes')

  const change = dialog.getByRole('button', { name: 'Show the change in Cline in VS Code' })
  await change.click()
  const diff = dialog.getByRole('region', { name: /^Changes in .*cline/ })
  await expect(diff.locator('.bg-bad-soft', { hasText: '"linear"' })).toBeVisible()
  await expect(diff.locator('.bg-ok-soft', { hasText: '"gateway"' })).toBeVisible()
  await dialog.getByRole('checkbox', { name: /Replace 2 entries of Cline/ }).check()
  await dialog.getByRole('button', { name: 'Import 3 servers' }).click()

  const done = page.getByRole('dialog', { name: 'Imported' })
  await expect(done).toContainText('3 servers in the catalog')
  await expect(done).toContainText('in the keychain')
  await expect(done.getByRole('list', { name: 'Clients' })).toContainText('Cline in VS Code')
  await expectAccessible(page)
  expect(gateway.catalog.ids()).toEqual(
    expect.arrayContaining(['my-notes', 'brave-search', 'linear']),
  )
  expect(gateway.catalog.text).not.toContain('BSAq7')
  expect([...gateway.clients.secrets.values()].join()).toContain('BSAq7Wn2xkP0v8yT3rLmZ5cD')
  expect(fs.readFileSync(claude, 'utf8')).toBe(claudeBefore)
  expect(Object.keys(JSON.parse(fs.readFileSync(cline, 'utf8')).mcpServers)).toEqual(['gateway'])

  await done.getByRole('button', { name: 'Undo' }).click()
  const back = page.getByRole('dialog', { name: 'Taken back' })
  await expect(back).toContainText('3 servers taken out of the catalog again.')
  expect(fs.readFileSync(cline, 'utf8')).toBe(clineBefore)
  expect(gateway.catalog.text).toBe(catalogBefore)
  await back.getByRole('button', { name: 'Look at the catalog' }).click()
  await expect(page).toHaveURL(/#\/catalog/)
})

test('what the catalog has already is not added again, but its entries can be replaced', async ({
  page,
  gateway,
  open,
}) => {
  await open('/clients?import=1')
  await look(page)
  const dialog = dialogOf(page)
  await dialog.getByRole('radio', { name: /Into the catalog, as they are/ }).check()
  await dialog.getByRole('button', { name: /^Import \d/ }).click()
  await page.getByRole('dialog', { name: 'Imported' }).getByRole('button', { name: 'Done' }).click()
  expect(gateway.catalog.text).toContain('BSAq7Wn2xkP0v8yT3rLmZ5cD')
  await expect(dialog).toBeHidden()

  await page.getByRole('button', { name: 'Import servers' }).click()
  await look(page)
  const notes = found(page, 'notes')
  await expect(notes).toContainText('In the catalog already, as notes')
  await expect(notes.getByRole('checkbox')).not.toBeChecked()
  await expect(dialog.getByRole('button', { name: 'Import', exact: true })).toBeDisabled()
  await notes.getByRole('checkbox').check()
  await dialog.getByRole('checkbox', { name: /Replace 1 entry of Claude Desktop/ }).check()
  await dialog.getByRole('button', { name: 'Import 1 server' }).click()
  await expect(page.getByRole('dialog', { name: 'Imported' })).toContainText(
    'Nothing was added to the catalog',
  )
  const claude = await gateway.clients.file('.config/Claude/claude_desktop_config.json')
  expect(Object.keys(JSON.parse(fs.readFileSync(claude, 'utf8')).mcpServers)).toEqual([
    'brave-search',
    'gateway',
  ])
})

test('a file or the catalog that changes meanwhile is looked at again, and choices stay', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/clients?import=1')
  await look(page)
  const dialog = dialogOf(page)
  await found(page, 'notes').getByRole('textbox').fill('my-notes')
  await found(page, 'linear').getByRole('checkbox').uncheck()
  gateway.changeCatalogOnDisk(`${gateway.catalog.text}\n# mine\n`)
  const before = gateway.catalog.text
  await dialog.getByRole('button', { name: /^Import \d/ }).click()
  await expect(dialog.getByRole('alert')).toContainText('nothing was imported')
  expect(gateway.catalog.text).toBe(before)
  await expect(found(page, 'notes').getByRole('textbox')).toHaveValue('my-notes')
  await expect(found(page, 'linear').getByRole('checkbox')).not.toBeChecked()
  await dialog.getByRole('button', { name: /^Import \d/ }).click()
  await expect(page.getByRole('dialog', { name: 'Imported' })).toContainText('my-notes')
})

test('a file and pasted text are sources as well; what is missing is said', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const file = await gateway.clients.file('shop.mcp.json')
  fs.writeFileSync(file, '{"mcpServers":{"shop":{"command":"shop-mcp","args":["--port","1"]}}}')
  await open('/clients?import=1')
  const dialog = dialogOf(page)
  await dialog.getByRole('tab', { name: 'A file' }).click()
  await dialog.getByRole('button', { name: 'Look for servers' }).click()
  await expect(dialog).toContainText('Give the path of a file.')
  const path = dialog.getByRole('textbox', { name: 'File' })
  await path.fill('/home/ada/nowhere.json')
  await dialog.getByRole('button', { name: 'Look for servers' }).click()
  await expect(dialog.getByRole('alert')).toContainText('nowhere.json')
  await dialog.getByRole('button', { name: 'Back' }).click()
  await expect(path).toHaveValue('/home/ada/nowhere.json')
  await path.fill('/home/ada/shop.mcp.json')
  await look(page)
  await expect(found(page, 'shop')).toContainText('shop-mcp --port 1')
  await dialog.getByRole('button', { name: 'Back' }).click()

  await dialog.getByRole('tab', { name: 'Paste' }).click()
  await dialog
    .getByRole('textbox', { name: 'Text' })
    .fill('npx -y @modelcontextprotocol/server-memory')
  await look(page)
  await dialog.getByRole('button', { name: 'Import 1 server' }).click()
  await expect(page.getByRole('dialog', { name: 'Imported' })).toContainText(
    '1 server in the catalog',
  )
})

test('an empty list of servers and the catalog’s add dialog lead to it', async ({
  page,
  gateway,
  open,
}) => {
  gateway.servers = []
  await open()
  await page.getByRole('main').getByRole('button', { name: 'Import servers' }).click()
  await expect(dialogOf(page)).toBeVisible()
  await open('/catalog?add=1')
  await page
    .getByRole('dialog', { name: 'Add server' })
    .getByRole('button', { name: 'Import servers' })
    .click()
  await expect(dialogOf(page)).toBeVisible()
})
