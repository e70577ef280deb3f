import { expect } from '@playwright/test'
import { CatalogPage, readme } from './catalog-page.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

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

test('a literal secret gets a hint, and a better place with one click', async ({
  page,
  gateway,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  await page.getByRole('textbox', { name: 'Value of PGPASSWORD' }).fill('hunter2-and-more')
  await page.keyboard.press('Enter')
  await expect(page.getByText('This looks like a secret')).toBeVisible()
  await page.getByRole('button', { name: 'Use the variable' }).click()
  await expect(catalog.editor).toContainText('PGPASSWORD: ${PGPASSWORD} # from the login shell')
  gateway.clients.secrets.set('PGPASSWORD', 'of another server')
  await page.getByRole('textbox', { name: 'Value of PGPASSWORD' }).fill('hunter2-and-more')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Keep as a secret' }).click()
  await expect(catalog.editor).toContainText('PGPASSWORD: ${secret:PGPASSWORD_2} # from')
  expect(gateway.clients.secrets.get('PGPASSWORD_2')).toBe('hunter2-and-more')
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

test('all of it by keyboard', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  await open('/catalog')
  // The screen before it has a button of that name, too.
  await expect(catalog.editor).toBeVisible()
  await page.getByRole('button', { name: 'Add server' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await expect(dialog.getByRole('textbox', { name: 'Text' })).toBeFocused()
  await page.keyboard.insertText('{"mcpServers":{"clock":{"command":"clock-mcp"}}}')
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('clock')
  // The ID, Import servers, Cancel.
  for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('Tab')
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
