import { expect } from '@playwright/test'
import { CatalogPage } from './catalog-page.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

/** As the README of a server shows it. */
const readme = `{
  "mcpServers": {
    "brave-search": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-brave-search"],
      "env": { "BRAVE_API_KEY": "BSA-1234567890abcdef" }
    }
  }
}`

test('a README’s JSON is pasted, looked at, added and saved', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  const before = gateway.catalog.text
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('textbox', { name: 'Text' }).fill(readme)
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('brave-search')
  await expect(dialog.getByText('BRAVE_API_KEY looks like a secret')).toBeVisible()
  await dialog.getByRole('checkbox', { name: /instead/ }).check()
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'brave-search' })).toBeVisible()
  expect(page.url()).not.toContain('add=')
  expect(gateway.catalog.text).toBe(before)
  expect(await catalog.saveAll()).toEqual(['Adds brave-search.'])
  await expect(catalog.notice('Catalog saved')).toContainText('Added brave-search.')
  expect(gateway.catalog.text.startsWith(before)).toBe(true)
  expect(gateway.catalog.entry('brave-search')).toEqual({
    id: 'brave-search',
    runtime: {
      type: 'local-process',
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-brave-search'],
    },
    env: { BRAVE_API_KEY: '${BRAVE_API_KEY}' },
  })
  await expect(catalog.save).toBeDisabled()
})

test('an ID that is taken gets another, which can be changed', async ({ page, open }) => {
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog
    .getByRole('textbox', { name: 'Text' })
    .fill('{"mcpServers":{"postgres":{"command":"a"},"files":{"command":"b"}}}')
  const ids = dialog.getByRole('textbox', { name: 'ID' })
  await expect(ids.first()).toHaveValue('postgres-2')
  await ids.first().fill('github')
  await expect(dialog.getByText("There is a server 'github' already.")).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Add 2 servers' })).toBeDisabled()
  await dialog.getByRole('checkbox', { name: 'Add github' }).uncheck()
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'files' })).toBeVisible()
})

test('text that is no server says so, and adds nothing', async ({ page, open, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('textbox', { name: 'Text' }).fill('hello { world')
  await expect(dialog.locator('.text-bad')).not.toBeEmpty()
  await expect(dialog.getByRole('button', { name: 'Add server' })).toBeDisabled()
})

test('a template and a URL make servers, too', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('tab', { name: 'Template' }).click()
  await expect(dialog.getByRole('radio')).toHaveCount(4)
  await dialog.getByRole('radio', { name: 'Python package (uvx)' }).check()
  await dialog.getByRole('textbox', { name: 'Package' }).fill('mcp-server-git')
  await dialog.getByRole('textbox', { name: 'Arguments' }).fill('--repository\n/home/ada/my repo')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'git' })).toBeVisible()

  await page.getByRole('button', { name: 'Add server' }).click()
  await dialog.getByRole('tab', { name: 'URL' }).click()
  const url = dialog.getByRole('textbox', { name: 'URL' })
  await url.fill('mcp.linear.app')
  await expect(dialog.getByText('This is no address.')).toBeVisible()
  await url.fill('https://mcp.linear.app/mcp')
  await dialog.getByRole('textbox', { name: 'Variable with its token' }).fill('LINEAR_TOKEN')
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'linear' })).toBeVisible()
  expect(await catalog.saveAll()).toEqual(['Adds git and linear.'])
  expect(gateway.catalog.entry('git')?.['runtime']).toEqual({
    type: 'local-process',
    command: 'uvx',
    args: ['mcp-server-git', '--repository', '/home/ada/my repo'],
  })
  expect(gateway.catalog.entry('linear')?.['runtime']).toEqual({
    type: 'remote-http',
    url: 'https://mcp.linear.app/mcp',
    headers: { Authorization: 'Bearer ${LINEAR_TOKEN}' },
  })
})

test('text that is dropped on the screen opens the preview', async ({ page, open }) => {
  await open('/catalog')
  await new CatalogPage(page).form.waitFor()
  await page.evaluate((text) => {
    const data = new DataTransfer()
    data.setData('text/plain', text)
    const target = document.querySelector('#catalog-form')
    target?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
  }, readme)
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('brave-search')
})

test('a mistake in the YAML is shown at its line, told in a list, and mended', async ({
  page,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await catalog.placeBehind('type: local-process')
  for (let count = 0; count < 3; count += 1) await page.keyboard.press('Backspace')
  await expect(page.getByRole('button', { name: '1 problem' })).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: '1 problem' })).toBeAttached()
  const line = page
    .getByRole('region', { name: 'Problems' })
    .getByRole('button', { name: /^Line 8:13/ })
  await expect(line).toContainText('unknown runtime type: local-proc')
  await expect(catalog.editor.locator('.cm-lintRange-error')).toHaveText('local-proc')
  await expect(catalog.save).toBeDisabled()
  // The form keeps working: it mends what the text has wrong.
  await catalog.choose('GitHub')
  await line.focus()
  await page.keyboard.press('Enter')
  await expect(catalog.editor).toBeFocused()
  await page.keyboard.press('End')
  await page.keyboard.type('ess')
  await expect(page.getByText('No problems').last()).toBeVisible()
  await expect(page.getByText('● Not saved')).toBeHidden()
})

test('while the text is no YAML the form says so and takes no changes', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await catalog.placeBehind('display_name: ')
  await page.keyboard.type('"')
  await expect(page.getByText('The YAML cannot be read now')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Description' })).toBeDisabled()
  await expect(page.getByRole('textbox', { name: 'Display name' })).toHaveValue('PostgreSQL')
  await catalog.editor.focus()
  await page.keyboard.press('Control+z')
  await expect(page.getByText('The YAML cannot be read now')).toBeHidden()
  await expect(page.getByRole('textbox', { name: 'Description' })).toBeEnabled()
})

test('a change in the form touches its place alone; comments and all else stay byte for byte', async ({
  page,
  gateway,
  open,
}) => {
  const catalog = new CatalogPage(page)
  const windows = `\ufeff${gateway.catalog.text.replaceAll('\n', '\r\n')}`
  gateway.catalog.text = windows
  await open('/catalog')
  await page.getByRole('textbox', { name: 'Value of PGPASSWORD' }).fill('${OTHER}')
  await page.keyboard.press('Enter')
  await expect(catalog.editor).toContainText('PGPASSWORD: ${OTHER} # from the login shell')
  await page.getByRole('switch', { name: 'Enabled' }).click()
  await expect(catalog.editor).toContainText('enabled: false')
  await page.getByRole('switch', { name: 'Enabled' }).click()
  await expect(catalog.editor).not.toContainText('enabled')
  const args = page.getByRole('textbox', { name: 'Arguments' })
  await args.fill('--transport\nstdio\n--read-only')
  await args.blur()
  await expect(catalog.editor).toContainText('--read-only')
  expect(await catalog.saveAll()).toEqual(['Restarts postgres, once what is in flight has ended.'])
  expect(gateway.catalog.text).toBe(
    windows
      .replace('PGPASSWORD: ${PGPASSWORD}', 'PGPASSWORD: ${OTHER}')
      .replace(
        '[--transport, stdio]',
        gateway.catalog.text.match(/args: ([^]*?)\r\n {4}env/)?.[1] ?? '',
      ),
  )
  expect(gateway.catalog.entry('postgres')?.['runtime']).toMatchObject({
    args: ['--transport', 'stdio', '--read-only'],
  })
})

test('typing updates the form, the cursor chooses the server, and choosing scrolls the text', async ({
  page,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await expect(page.getByRole('heading', { level: 2, name: 'PostgreSQL' })).toBeVisible()
  await catalog.placeBehind('display_name: GitHub')
  await expect(page.getByRole('heading', { level: 2, name: 'GitHub' })).toBeVisible()
  await page.keyboard.type(' of ours')
  await expect(page.getByRole('textbox', { name: 'Display name' })).toHaveValue('GitHub of ours')
  await catalog.choose('Files')
  await expect(catalog.editor.locator('.cm-entry').first()).toHaveText('  - id: filesystem')
})

test('a wrong value is told at its field and goes no further', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  const id = page.getByRole('textbox', { name: 'ID' })
  await id.fill('two words')
  await expect(catalog.form.getByText('Use letters, digits')).toBeVisible()
  await id.fill('github')
  await expect(catalog.form.getByText("There is a server 'github' already.")).toBeVisible()
  await id.blur()
  await expect(catalog.editor).toContainText('id: postgres')
  await id.fill('shop-db')
  await page.keyboard.press('Enter')
  await expect(catalog.editor).toContainText('id: shop-db')
  expect(await catalog.saveAll()).toEqual(['Adds shop-db.', 'Stops and removes postgres.'])
  expect(gateway.catalog.ids()).toEqual(['shop-db', 'filesystem', 'github'])
})

test('a runtime of another type keeps what both have, and asks for the rest', async ({
  page,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog?server=github')
  await expect(page.getByRole('heading', { level: 2, name: 'GitHub' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Type' }).selectOption('Remote, HTTP or SSE')
  await expect(catalog.editor).toContainText('type: remote-sse')
  await expect(page.getByRole('textbox', { name: 'URL' })).toHaveValue(
    'https://api.githubcopilot.com/mcp/',
  )
  await page.getByRole('combobox', { name: 'Type' }).selectOption('Local process')
  await expect(catalog.form.getByText(/Line \d+:/)).toContainText('Line')
  await page.getByRole('textbox', { name: 'Command' }).fill('github-mcp')
  await page.getByRole('textbox', { name: 'Command' }).blur()
  await expect(page.getByText('No problems').last()).toBeVisible()
  await expect(catalog.editor).not.toContainText('githubcopilot')
})

test('a literal secret gets a hint, and a variable with one click', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await page.getByRole('textbox', { name: 'Value of PGPASSWORD' }).fill('hunter2-and-more')
  await page.keyboard.press('Enter')
  await expect(page.getByText('This looks like a secret')).toBeVisible()
  await page.getByRole('button', { name: 'Use the variable' }).click()
  await expect(catalog.editor).toContainText('PGPASSWORD: ${PGPASSWORD} # from the login shell')
})

test('completion knows the place: keys, values, variables', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await catalog.placeBehind('deny: [drop_table]')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+End')
  await page.keyboard.type('    isol')
  await page.getByRole('option', { name: 'isolation' }).click()
  await page.getByRole('option', { name: 'session' }).click()
  await expect(catalog.editor).toContainText('    isolation: session')
  await page.keyboard.press('Enter')
  await page.keyboard.type('description: ${PGP')
  await page.getByRole('option', { name: '${PGPASSWORD}' }).click()
  await expect(catalog.editor).toContainText('description: ${PGPASSWORD}')
  const key = catalog.editor.getByText('tags', { exact: true }).first()
  await key.hover()
  await expect(page.getByText('Words to filter lists by.').last()).toBeVisible()
})

test('loading, empty and unreadable say what is so', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  const { GatewayError } = await import('../../src-shared/errors.ts')
  gateway.failures.set(
    'catalog.read',
    new GatewayError(
      'internal',
      'The catalog /x/catalog.yaml cannot be read: EACCES. Check its permissions.',
    ),
  )
  await open('/catalog')
  await expect(page.getByRole('alert').filter({ hasText: 'EACCES' })).toBeVisible()
  await expectAccessible(page)
  gateway.failures.clear()
  gateway.catalog.text = 'servers: []\n'
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByText('No servers yet.')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('main').getByRole('button', { name: 'Add server' }).last().click()
  await expect(page.getByRole('dialog', { name: 'Add server' })).toBeVisible()
})

test('narrow: form and YAML take turns, and a problem leads to the YAML', async ({
  page,
  open,
}) => {
  await page.setViewportSize({ width: 900, height: 600 })
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await expect(catalog.form).toBeVisible()
  await expect(catalog.editor).toBeHidden()
  await page.getByRole('tab', { name: 'Form' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(catalog.editor).toBeVisible()
  await catalog.placeBehind('command: postgres-mcp')
  await page.keyboard.press('Shift+Home')
  await page.keyboard.press('Delete')
  await page.getByRole('tab', { name: 'Form' }).click()
  await catalog.choose('PostgreSQL')
  await catalog.form.getByRole('button', { name: /^Line \d+:/ }).click()
  await expect(catalog.editor).toBeFocused()
  await expectAccessible(page)
})

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
  await expect(page.getByText('The save was not undone.')).toBeVisible()
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

test('all of it by keyboard', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await page.getByRole('button', { name: 'Add server' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await expect(dialog.getByRole('textbox', { name: 'Text' })).toBeFocused()
  await page.keyboard.insertText('{"mcpServers":{"clock":{"command":"clock-mcp"}}}')
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('clock')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect(dialog.getByRole('button', { name: 'Add server' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 2, name: 'clock' })).toBeVisible()
  // The list: arrows move, Enter chooses.
  const list = page.getByRole('grid', { name: 'Servers in the catalog' })
  await list.getByRole('row').first().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 2, name: 'Files' })).toBeVisible()
  // Into the editor, where Tab indents, and out of it by Escape and Tab.
  await catalog.editor.focus()
  await page.keyboard.press('Control+End')
  await page.keyboard.press('Tab')
  await expect(catalog.editor).toBeFocused()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  await expect(catalog.editor).not.toBeFocused()
  await page.keyboard.press('Shift+Tab')
  await expect(catalog.editor).toBeFocused()
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+f')
  await expect(page.getByRole('textbox', { name: 'Find' })).toBeFocused()
  await page.keyboard.press('Escape')
  // Save from within.
  await page.keyboard.press('Control+s')
  const saving = page.getByRole('dialog', { name: 'Save the catalog' })
  await expect(saving.getByRole('button', { name: 'Save', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(catalog.notice('Catalog saved')).toBeVisible()
  expect(gateway.catalog.ids()).toContain('clock')
})

test('every view of it is accessible', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await expect(catalog.editor).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Tools' }).click()
  await page.getByRole('button', { name: /^Starting and stopping/ }).click()
  await page.getByRole('textbox', { name: 'Value of PGPASSWORD' }).fill('hunter2-and-more')
  await page.keyboard.press('Enter')
  await expect(page.getByText('This looks like a secret')).toBeVisible()
  await catalog.placeBehind('type: local-process')
  await page.keyboard.type('x')
  await expect(page.getByRole('button', { name: '1 problem' })).toBeVisible()
  await page.keyboard.press('Control+Space')
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Backspace')
  await expect(page.getByText('No problems').last()).toBeVisible()
  await catalog.save.click()
  await expect(page.getByRole('dialog', { name: 'Save the catalog' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Add server' }).click()
  await page.getByRole('textbox', { name: 'Text' }).fill(readme)
  await expect(page.getByRole('textbox', { name: 'ID' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('tab', { name: 'Template' }).click()
  await expectAccessible(page)
  await page.getByRole('tab', { name: 'URL' }).click()
  await expectAccessible(page)
})

test('a link leads to a line, or to a server', async ({ page, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog?line=17')
  await expect(catalog.editor).toBeFocused()
  await expect(catalog.editor.locator('.cm-activeLine')).toHaveText('    display_name: Files')
  await expect(page.getByRole('heading', { level: 2, name: 'Files' })).toBeVisible()
  await page.evaluate(() => {
    location.hash = '/catalog?server=github'
  })
  await expect(page.getByRole('heading', { level: 2, name: 'GitHub' })).toBeVisible()
})

test('a thousand servers stay smooth', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  const servers = Array.from(
    { length: 1000 },
    (_, index) =>
      `  - id: server-${index}\n    tags: [a, b]\n    runtime:\n      type: local-process\n      command: server-${index}-mcp # ${index}\n`,
  )
  gateway.catalog.text = `servers:\n${servers.join('')}`
  await open('/catalog')
  await expect(page.getByRole('heading', { level: 2, name: 'server-0' })).toBeVisible()
  expect(await page.getByRole('row').count()).toBeLessThan(80)
  await page.getByRole('row').first().focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 2, name: 'server-999' })).toBeVisible()
  await expect(catalog.editor).toContainText('command: server-999-mcp')
  await catalog.placeBehind('command: server-999-mcp')
  const longest = await page.evaluate(async () => {
    let worst = 0
    let last = performance.now()
    const end = last + 1500
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve))
      worst = Math.max(worst, performance.now() - last)
      last = performance.now()
    }
    return worst
  })
  await page.keyboard.type('-next')
  await expect(page.getByRole('textbox', { name: 'Command' })).toHaveValue('server-999-mcp-next')
  await page.getByRole('textbox', { name: 'Command' }).fill('another')
  await page.keyboard.press('Enter')
  await expect(catalog.editor).toContainText('command: another # 999')
  expect(longest).toBeLessThan(400)
})
