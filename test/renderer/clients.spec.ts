import fs from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { GatewayError } from '../../src-shared/errors.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

const row = (page: Page, name: string | RegExp) =>
  page.getByRole('grid', { name: 'AI clients' }).getByRole('row').filter({ hasText: name })
const notice = (page: Page) => page.getByRole('region', { name: /Notice/ })

test('each client shows its state in words, its file, its entry and how much it is used', async ({
  page,
  open,
}) => {
  await open('/clients')
  const cursor = row(page, 'Cursor')
  await expect(cursor).toContainText('Connected')
  await expect(cursor).toContainText('/home/ada/.cursor/mcp.json')
  await expect(cursor).toContainText('One entry')
  await expect(cursor).toContainText('40 s ago')
  await expect(cursor).toContainText('1,204')
  await expect(row(page, 'mcp.json').filter({ hasText: 'VS Code' })).toContainText('Not seen yet')
  await expect(row(page, 'Zed')).toContainText('Found')
  await expect(row(page, 'Nightly report')).toContainText('Has access')
  const roo = row(page, 'Roo Code')
  await expect(roo).toContainText('Problem')
  await expect(roo).toContainText('nothing is written')
  await expect(roo.getByRole('button')).toHaveCount(0)
  await expect(page).toHaveTitle('Clients – Open MCP Gateway')
  await expectAccessible(page)
})

test('clients that were not found are behind a fold, and found by typing', async ({
  page,
  open,
}) => {
  await open('/clients')
  await row(page, 'Cursor').waitFor()
  await expect(row(page, 'Windsurf')).toHaveCount(0)
  await page.keyboard.press('/')
  await page.keyboard.type('windsurf jet')
  await expect(row(page, 'Windsurf for JetBrains')).toContainText('Not found')
  await expect(row(page, 'Cursor')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Show \d+ more that were not found/ }).click()
  await expect(page).toHaveURL(/scope=all/)
  await expect(row(page, 'Amazon Q Developer')).toContainText('Not found')
  await page.getByRole('combobox', { name: 'Which clients' }).selectOption('connected')
  await expect(row(page, 'Zed')).toHaveCount(0)
  await expect(row(page, 'Cursor')).toBeVisible()
  await page.getByRole('searchbox').fill('nobody has this name')
  await expect(page.getByText('No client is called “nobody has this name”.')).toBeVisible()
})

test('a client is connected after a look at the difference, and what to do next is said until it has come', async ({
  page,
  gateway,
  open,
}) => {
  const file = await gateway.clients.file('.config/zed/settings.json')
  const before = fs.readFileSync(file, 'utf8')
  await open('/clients')
  await page.getByRole('button', { name: 'Connect Zed' }).click()
  const dialog = page.getByRole('dialog', { name: 'Connect Zed' })
  const diff = dialog.getByRole('region', { name: /^Changes in/ })
  await expect(diff).toContainText('"context_servers"')
  await expect(diff.locator('.bg-ok-soft', { hasText: 'gateway-stdio.cjs' })).toBeVisible()
  await expectAccessible(page)
  expect(fs.readFileSync(file, 'utf8')).toBe(before)
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click()

  const done = page.getByRole('dialog', { name: 'Zed is connected' })
  await expect(done).toContainText('Zed has the gateway in /home/ada/.config/zed/settings.json.')
  await expect(done.getByRole('status')).toContainText('This says so when Zed has come')
  expect(fs.readFileSync(file, 'utf8')).toContain('// Zed settings')
  expect(fs.readFileSync(file, 'utf8')).toContain('"--client"')
  await gateway.clients.come('zed')
  await expect(done.getByRole('status')).toContainText('it works')
  await done.getByRole('button', { name: 'Done' }).click()
  await expect(row(page, 'Zed')).toContainText('Connected')
  expect(page.url()).not.toContain('connect=')

  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(notice(page)).toContainText('Zed is as it was before')
  expect(fs.readFileSync(file, 'utf8')).toBe(before)
  await expect(row(page, 'Zed')).toContainText('Found')
})

test('the keyboard alone connects a client', async ({ page, open }) => {
  await open('/clients')
  const zed = row(page, 'Zed')
  await row(page, 'Cursor').focus()
  await page.keyboard.type('zed')
  await expect(zed).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Connect Zed' })).toBeFocused()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Connect Zed' })
  await expect(dialog.getByRole('radio', { name: /One entry for all/ })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(dialog.getByRole('radio', { name: /One entry per server/ })).toBeChecked()
  await page.keyboard.press('ArrowUp')
  const connect = dialog.getByRole('button', { name: 'Connect', exact: true })
  await expect(connect).toBeEnabled()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await expect(connect).toBeFocused()
  await page.keyboard.press('Enter')
  const done = page.getByRole('dialog', { name: 'Zed is connected' })
  await expect(done.getByRole('button', { name: 'Done' })).toBeFocused()
  // Escape closes a tooltip first: the one of Close, which Tab has passed.
  await expect(page.getByRole('tooltip')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(done).toBeHidden()
})

test('a file that has changed since the preview is not written; the new difference is shown', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const file = await gateway.clients.file('.config/zed/settings.json')
  await open('/clients/zed?connect=1')
  const dialog = page.getByRole('dialog')
  const connect = dialog.getByRole('button', { name: 'Connect', exact: true })
  await expect(connect).toBeEnabled()
  fs.writeFileSync(file, '{ "vim_mode": true }\n')
  await connect.click()
  await expect(dialog.getByRole('alert')).toContainText('nothing was written')
  await expect(dialog.getByRole('region', { name: /^Changes in/ })).toContainText('vim_mode')
  expect(fs.readFileSync(file, 'utf8')).toBe('{ "vim_mode": true }\n')
  await connect.click()
  await expect(page.getByRole('dialog', { name: 'Zed is connected' })).toBeVisible()
  expect(fs.readFileSync(file, 'utf8')).toContain('"vim_mode": true')
})

test('a file that cannot be read is told of, and cannot be written', async ({
  page,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/clients/gemini-cli?connect=1')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('alert')).toContainText('/home/ada/.gemini/settings.json')
  await expect(dialog.getByRole('button', { name: 'Connect', exact: true })).toBeDisabled()
})

test('the kinds of entry, their warnings, servers, names, projects and files', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const [one, two] = ['/home/ada/a/mcp.json', '/home/ada/b/mcp.json']
  gateway.clients.rows.set('codex', { file: null, choices: [one, two], connections: [] })
  await open('/clients/zed?connect=1')
  const dialog = page.getByRole('dialog')
  const preview = dialog.getByRole('region', { name: 'Preview' })
  const connect = dialog.getByRole('button', { name: 'Connect', exact: true })
  await dialog.getByRole('radio', { name: /HTTP address/ }).check()
  await expect(preview).toContainText('An HTTP entry cannot start the gateway')
  await expect(preview).toContainText("The client's token stands in the file in plain text.")
  await expect(dialog.getByRole('combobox', { name: 'For' })).toHaveCount(0)

  await dialog.getByRole('radio', { name: /One entry per server/ }).check()
  await expect(preview).toContainText('starts a shim for each of the 8 entries')
  await dialog.getByRole('checkbox', { name: 'Slack' }).uncheck()
  await expect(preview).toContainText('starts a shim for each of the 7 entries')
  await expect(preview.getByRole('region')).not.toContainText('"slack"')

  await dialog.getByRole('radio', { name: /One entry for all/ }).check()
  const name = dialog.getByRole('textbox', { name: 'Name' })
  await name.fill('my gateway')
  await expect(dialog).toContainText('Correct the name')
  await expect(connect).toBeDisabled()
  await name.fill('mine')
  await expect(preview.getByRole('region')).toContainText('"mine"')
  await dialog.getByRole('combobox', { name: 'For' }).selectOption('project')
  await expect(dialog).toContainText('Give the project’s folder')
  await dialog.getByRole('textbox', { name: 'Project’s folder' }).fill('/home/ada')
  await expect(preview).toContainText('/home/ada/.zed/settings.json')
  await expect(preview).toContainText('The entry names paths of this machine')

  await open('/clients/codex?connect=1')
  await expect(dialog).toContainText('Choose the file that Codex reads')
  await expect(connect).toBeDisabled()
  await dialog.getByRole('combobox', { name: 'File' }).selectOption(two)
  await expect(dialog.getByRole('alert')).toContainText('none of the files that Codex may read')
})

test('other ways: the client’s own command is run, a link opens the client', async ({
  page,
  gateway,
  open,
}) => {
  await open('/clients/claude-code?connect=1')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('region', { name: 'Command' })).toContainText('mcp add-json')
  await dialog.getByRole('button', { name: 'Run it' }).click()
  await expect(page.getByRole('dialog', { name: 'Claude Code is connected' })).toContainText(
    'by its own command',
  )
  const file = await gateway.clients.file('.claude.json')
  expect(fs.readFileSync(file, 'utf8')).toContain('gateway-stdio.cjs')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0)

  await open('/clients/cursor?connect=1')
  await dialog.getByText('Other ways to connect Cursor').click()
  await expect(dialog.getByRole('link', { name: 'Open in Cursor' })).toHaveAttribute(
    'href',
    /^cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?name=gateway&config=/,
  )
})

test('disconnecting says what ends; undo after another’s edit says that it is not exact', async ({
  page,
  gateway,
  open,
}) => {
  await open('/clients/vscode')
  await page.getByRole('button', { name: 'Disconnect' }).click()
  const dialog = page.getByRole('dialog', { name: 'Disconnect VS Code?' })
  await expect(dialog).toContainText('Its token ends at once')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Disconnect' }).click()
  await expect(notice(page)).toContainText('VS Code is disconnected')
  await expect(row(page, 'VS Code').first()).toContainText('Found')
  const vscode = await gateway.clients.file('.config/Code/User/mcp.json')
  expect(JSON.parse(fs.readFileSync(vscode, 'utf8'))).toEqual({ servers: {} })

  const file = await gateway.clients.file('.cursor/mcp.json')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('every day', 'every hour'))
  await open('/clients/cursor')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(notice(page)).toContainText('Only the gateway’s entry was taken out')
  expect(fs.readFileSync(file, 'utf8')).toContain('every hour')
  expect(fs.readFileSync(file, 'utf8')).not.toContain('gateway-stdio')
})

test('the check tells which file is read, what is in it, tools and tokens, and what is wrong', async ({
  page,
  gateway,
  open,
}) => {
  await open('/clients/cursor')
  const check = page.getByRole('region', { name: 'Check' })
  await check.getByRole('button', { name: 'Check now' }).click()
  await expect(check).toContainText('Cursor takes 40 tools, and gets 48')
  await expect(check).toContainText('about 9,440')
  const file = check.getByRole('listitem').filter({ hasText: '.cursor/mcp.json' })
  await expect(file).toContainText(/The gateway’s entry is in it\.\s*Cursor reads it\./)
  await expect(file).toContainText('Other servers: playwright.')
  await expectAccessible(page)
  fs.writeFileSync(await gateway.clients.file('.cursor/mcp.json'), '{}')
  await check.getByRole('button', { name: 'Check again' }).click()
  await expect(check).toContainText("no longer has all of the gateway's entries")
  await expect(file).toContainText('No entry of the gateway.')
})

test('limits by servers and tools apply at once, and go again', async ({ page, gateway, open }) => {
  await open('/clients/cursor?tab=access')
  const limits = page.getByRole('region', { name: 'Limits' })
  const save = limits.getByRole('button', { name: 'Save limits' })
  await expect(save).toBeDisabled()
  await limits.getByRole('radio', { name: 'These servers only' }).check()
  await limits.getByRole('checkbox', { name: 'Slack' }).uncheck()
  await limits.getByLabel('Choose from the tools of').selectOption('postgres')
  const tools = limits.getByRole('group', { name: 'Tools of PostgreSQL' })
  await tools.getByRole('checkbox', { name: 'query' }).uncheck()
  const hidden = limits.getByRole('textbox', { name: 'Hidden tools' })
  await expect(hidden).toHaveValue('postgres__query')
  await hidden.fill('postgres__q*')
  await expect(tools.getByRole('checkbox', { name: /query/ })).toBeDisabled()
  await expect(tools).toContainText('hidden by postgres__q*')
  await expectAccessible(page)
  await save.click()
  await expect(notice(page)).toContainText('Cursor has new limits')
  const [cursor] = (await gateway.clients.access()).filter(({ id }) => id === 'cursor')
  expect(cursor?.limits).toEqual({
    servers: [
      'everything',
      'filesystem',
      'github',
      'memory',
      'playwright',
      'postgres',
      'sentry',
      'weather',
    ],
    tools: { allow: ['*'], deny: ['postgres__q*'] },
  })
  await limits.getByRole('radio', { name: 'All servers' }).check()
  await hidden.fill('')
  await save.click()
  await expect(notice(page)).toContainText('Cursor may see everything')
})

test('access is revoked after a question, and given again', async ({ page, open }) => {
  await open('/clients/cursor?tab=access')
  await page.getByRole('button', { name: 'Revoke access' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('2 open sessions')
  await expect(dialog).toContainText('Its entry stays in its file, and is refused.')
  await dialog.getByRole('button', { name: 'Revoke access' }).click()
  await expect(row(page, 'Cursor')).toContainText('Problem')
  await page.getByRole('tab', { name: 'Connection' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'access was revoked' })).toBeVisible()
  await page.getByRole('tab', { name: 'Access' }).click()
  await page.getByRole('button', { name: 'Give access again' }).click()
  await expect(notice(page)).toContainText('Cursor has access again')
})

test('a program of one’s own gets a token, which is shown once', async ({
  page,
  context,
  gateway,
  open,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open('/clients')
  await page.getByRole('button', { name: 'Give access' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Cursor')
  await expect(dialog).toContainText('Cursor has this ID.')
  await expect(dialog.getByRole('button', { name: 'Make a token' })).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Build robot')
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('build-robot')
  await page.keyboard.press('Enter')
  const token = dialog.getByRole('region', { name: 'Token' })
  await expect(token).toContainText(/^mcpgw_/)
  await expect(dialog.getByRole('region', { name: 'Entry' })).toContainText('Bearer mcpgw_')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Copy token' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await token.textContent())
  await dialog.getByRole('button', { name: 'Limit its access' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'Build robot' })).toBeVisible()
  await expect(page.getByText('mcpgw_')).toHaveCount(0)
  await page.getByRole('button', { name: 'New token' }).click()
  await expect(dialog).toContainText('The one from before ends at once')
  await dialog.getByRole('button', { name: 'Make a token' }).click()
  await expect(token).toContainText(/^mcpgw_/)
  expect((await gateway.clients.access()).map(({ id }) => id)).toContain('build-robot')
})

test('what cannot be read says why, and is tried again; an unknown client is told', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const failure = new GatewayError('internal', 'The home folder cannot be listed.')
  gateway.failures.set('clients.list', failure)
  await open('/clients')
  await expect(
    page.getByRole('alert').filter({ hasText: 'could not be looked for' }),
  ).toContainText('The home folder cannot be listed.')
  gateway.failures.clear()
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(row(page, 'Cursor')).toBeVisible()
  await open('/clients/nobody')
  await expect(page.getByText('There is no client “nobody”.')).toBeVisible()
})

test('the palette leads to clients, to connecting one, and to the import', async ({
  page,
  open,
}) => {
  await open()
  await page.keyboard.press('Control+k')
  const search = page.getByPlaceholder('Search servers, screens and actions')
  await search.fill('connect zed')
  await page.getByRole('option', { name: 'Connect Zed' }).click()
  await expect(page.getByRole('dialog', { name: 'Connect Zed' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await search.fill('import')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Import servers' })).toBeVisible()
})
