import { expect, type Page } from '@playwright/test'
import { GatewayError } from '../../src-shared/errors.ts'
import { sampleLog } from './fake-data.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

const answer = (page: Page) => page.getByRole('region', { name: 'Answer', exact: true })

test('the overview says how the server is, what it is and how to reach it', async ({
  page,
  open,
}) => {
  await open('/servers/postgres')
  const detail = page.getByRole('region', { name: 'Server', exact: true })
  await expect(detail.getByRole('heading', { name: 'PostgreSQL' })).toBeVisible()
  await expect(detail).toContainText('48210, 48217')
  await expect(detail).toContainText('2025-11-25, with sessions')
  await expect(detail).toContainText('postgres-mcp --transport stdio')
  await expect(detail).toContainText('/servers/postgres/mcp')
  await expectAccessible(page)
})

test('what is wrong is said first, with its remedy', async ({ page, open }) => {
  await open('/servers/slack')
  await expect(page.getByRole('tabpanel')).toContainText('Install it, or set an absolute path.')
  await expectAccessible(page)
})

test('a server that is not there is said so', async ({ page, open, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await open('/servers/nobody')
  await expect(page.getByText('There is no server “nobody”.')).toBeVisible()
})

test('the list keeps its place and filter beside the detail, and is covered by it in a narrow window', async ({
  page,
  open,
}) => {
  await open('/servers?q=e')
  await page.getByRole('gridcell', { name: 'Running PostgreSQL' }).click()
  await expect(page.getByRole('searchbox', { name: 'Filter servers' })).toHaveValue('e')
  await page.setViewportSize({ width: 900, height: 600 })
  await expect(page.getByRole('grid', { name: 'Servers' })).toBeHidden()
  await page.getByRole('button', { name: 'All servers' }).click()
  await expect(page.getByRole('grid', { name: 'Servers' })).toBeVisible()
  await expect(page.getByRole('searchbox', { name: 'Filter servers' })).toHaveValue('e')
})

test('a tool is called with a form of its schema, and its result is shown by its type', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/postgres?tab=tools')
  await page.getByRole('row', { name: /query/ }).click()
  await page.getByRole('button', { name: 'Call Run a query' }).click()
  await expect(page.getByRole('alert').filter({ hasText: '1 problem' })).toBeVisible()
  await expect(page.getByLabel(/^sql/)).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel(/^sql/).fill('select * from customers')
  await page.getByLabel('limit').fill('5')
  await page.getByLabel('format').selectOption('json')
  await page.getByRole('button', { name: 'Add to params' }).click()
  await page.getByRole('group', { name: 'params' }).getByRole('combobox').selectOption('number')
  await page.getByRole('group', { name: 'params' }).getByRole('textbox').fill('42')
  await page.getByRole('button', { name: 'Add page' }).click()
  await page.getByRole('button', { name: 'Add to order' }).click()
  await page.getByLabel('column').fill('name')
  await page.getByRole('button', { name: 'Call Run a query' }).click()
  await expect(answer(page)).toContainText('Result')
  await expect(answer(page).getByRole('group', { name: 'Structured content' })).toContainText(
    '"Grace"',
  )
  expect(gateway.calls.findLast(({ name }) => name === 'server.call')?.input).toMatchObject({
    method: 'tools/call',
    params: {
      name: 'query',
      arguments: {
        sql: 'select * from customers',
        limit: 5,
        format: 'json',
        write: false,
        params: [42],
        page: { size: 20, order: [{ column: 'name' }] },
      },
    },
  })
  await expectAccessible(page)
})

test('form and JSON are two views of the same arguments', async ({ page, open }) => {
  await open('/servers/postgres?tab=tools&item=query')
  await page.getByLabel(/^sql/).fill('select 1')
  await page.getByRole('button', { name: 'As JSON' }).click()
  const json = page.getByRole('textbox', { name: 'Arguments as JSON' })
  await expect(json).toHaveValue(/"sql": "select 1"/)
  await json.fill('{"sql": "select 2", "limit": ')
  await expect(page.getByText(/^Not JSON:/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Call Run a query' })).toBeDisabled()
  await json.fill('{"sql": "select 2", "limit": 7}')
  await page.getByRole('button', { name: 'As a form' }).click()
  await expect(page.getByLabel(/^sql/)).toHaveValue('select 2')
  await expect(page.getByLabel('limit')).toHaveValue('7')
})

test('a recursive choice is filled in as deep as wanted; items move and go', async ({
  page,
  open,
}) => {
  await open('/servers/postgres?tab=tools&item=filter')
  await page.getByRole('tabpanel').getByRole('combobox').selectOption('All of')
  await page.getByRole('button', { name: 'Add to of' }).click()
  await page.getByRole('button', { name: 'Add to of' }).click()
  await page.getByLabel('column').nth(0).fill('first')
  await page.getByLabel('column').nth(1).fill('second')
  await page.getByRole('button', { name: 'Move of 2 up' }).click()
  await expect(page.getByLabel('column').nth(0)).toHaveValue('second')
  await page.getByRole('button', { name: 'Remove of 2' }).click()
  await page.getByRole('button', { name: 'As JSON' }).click()
  await expect(page.getByRole('textbox', { name: 'Arguments as JSON' })).toHaveValue(
    JSON.stringify(
      { where: { kind: 'all', of: [{ kind: 'compare', column: 'second' }] } },
      null,
      2,
    ),
  )
})

test('progress is shown as it comes, and a call is cancelled', async ({
  page,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/servers/postgres?tab=tools&item=slow_export')
  await page.getByLabel('steps').fill('3')
  await page.getByRole('button', { name: 'Call slow_export' }).click()
  await expect(page.getByRole('progressbar')).toHaveAttribute('max', '3')
  await expect(page.getByText('Part 2 of 3')).toBeVisible()
  await expect(answer(page)).toContainText('Result')
  await page.getByLabel('steps').fill('500')
  await page.getByRole('button', { name: 'Call slow_export' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(answer(page)).toContainText('The call was cancelled.')
})

test('pictures, links and embedded resources are shown as what they are', async ({
  page,
  open,
}) => {
  await open('/servers/postgres?tab=tools&item=chart')
  await page.getByRole('button', { name: 'Call chart' }).click()
  const image = answer(page).getByRole('img', { name: 'Result (image/png)' })
  await expect(image).toBeVisible()
  await expect.poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(8)
  await expect(answer(page)).toContainText('db://shop/sales')
  await expect(answer(page)).toContainText('day,sum')
  await expectAccessible(page)
})

test('a tool that fails says so, and so does a server that does not answer', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/servers/postgres?tab=tools&item=fails')
  await page.getByRole('button', { name: 'Call fails' }).click()
  await expect(answer(page)).toContainText('The tool failed')
  await expect(answer(page)).toContainText('The table "orders" does not exist.')
  gateway.failures.set(
    'server.call',
    new GatewayError('server_timeout', 'postgres did not answer within 30 s. It may be busy.'),
  )
  await page.getByRole('button', { name: 'Call fails' }).click()
  await expect(answer(page)).toContainText('postgres did not answer within 30 s.')
})

test('a tool is kept from clients and given back, and a refusal is undone', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  await open('/servers/postgres?tab=tools')
  const echo = page.getByRole('switch', { name: 'Clients may use echo' })
  await echo.click()
  await expect(echo).not.toBeChecked()
  expect(gateway.lists.denied_tools).toContain('echo')
  expectedErrors.push(failedRequest)
  gateway.failures.set(
    'server.set_tool',
    new GatewayError('precondition_failed', 'The catalog was changed on disk.'),
  )
  await echo.click()
  await expect(page.getByText('echo was not enabled.').first()).toBeVisible()
  await expect(echo).not.toBeChecked()
})

test('resources are read, templates are filled in, prompts are got', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/postgres?tab=resources')
  await page.getByRole('row', { name: /table/ }).last().click()
  await page.getByLabel('table').fill('orders & more')
  await page.getByRole('button', { name: 'Read' }).click()
  await expect(answer(page)).toContainText('1,Ada')
  expect(gateway.calls.at(-1)?.input).toMatchObject({
    method: 'resources/read',
    params: { uri: 'db://shop/orders%20%26%20more' },
  })
  await page.getByRole('tab', { name: 'Prompts' }).click()
  await page.getByRole('row', { name: /explain/ }).click()
  await expect(page.getByRole('button', { name: 'Get prompt' })).toBeDisabled()
  await page.getByLabel(/^sql/).fill('select 1')
  await page.getByRole('button', { name: 'Get prompt' }).click()
  await expect(answer(page)).toContainText('Explain this plan.')
  await expectAccessible(page)
})

test('the log follows, pauses and is filtered', async ({ page, gateway, open }) => {
  gateway.logs.set('postgres', sampleLog(5000))
  await open('/servers/postgres?tab=log')
  const lines = page.getByRole('listbox', { name: 'Log lines' })
  await lines.getByRole('option').first().waitFor()
  gateway.log('postgres', 'a line of its own')
  gateway.log('github', 'a line of another server')
  await expect(lines).toContainText('a line of its own')
  await expect(lines).not.toContainText('a line of another server')
  await page.getByRole('button', { name: 'Pause' }).click()
  gateway.log('postgres', 'while paused')
  await expect(page.getByText('1 new line')).toBeVisible()
  await expect(lines).not.toContainText('while paused')
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(lines).toContainText('while paused')
  await page.getByRole('searchbox', { name: 'Filter lines' }).fill('of its own')
  await expect(lines.getByRole('option')).toHaveCount(1)
  await expectAccessible(page)
})

test('settings are saved after a look at what changes, and only that changes', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/postgres?tab=settings')
  await page.getByLabel('Display name').fill('Shop database')
  await page.getByRole('switch', { name: 'Always on' }).click()
  await page.getByLabel('Stop when idle').fill('x')
  await expect(page.getByText('A whole number of seconds, 0 or more')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Review and save' })).toBeDisabled()
  await page.getByLabel('Stop when idle').fill('900')
  await page.getByRole('button', { name: 'Add variable' }).click()
  await page.getByLabel('Name of variable 2').fill('PGHOST')
  await page.getByLabel('Value of PGHOST').fill('db.local')
  await expectAccessible(page)
  const before = gateway.catalog.text
  await page.getByRole('button', { name: 'Review and save' }).click()
  const diff = page.getByRole('region', { name: 'Changes to the catalog' })
  await expect(diff).toContainText('display_name: Shop database')
  await expect(diff).toContainText('idle_timeout_seconds: 900')
  await expectAccessible(page)
  expect(gateway.catalog.text).toBe(before)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  expect(gateway.catalog.text).toContain('PGPASSWORD: ${PGPASSWORD} # from the login shell')
  expect(gateway.catalog.text).toContain('PGHOST: db.local')
  await expect(page.getByRole('button', { name: 'Discard' })).toBeDisabled()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => gateway.catalog.text).toBe(before)
  await expect(page.getByLabel('Display name')).toHaveValue('PostgreSQL')
})

test('an edit on disk meanwhile is kept; the change is made on top of it', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/postgres?tab=settings')
  await page.getByLabel('Description').fill('Mine')
  gateway.catalog.changeOnDisk(
    gateway.catalog.text.replace('display_name: PostgreSQL', 'display_name: Theirs'),
  )
  gateway.emit({ type: 'reload', ok: true, errors: [], result: null })
  await page.getByRole('button', { name: 'Review and save' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  expect(gateway.catalog.text).toContain('display_name: Theirs')
  expect(gateway.catalog.text).toContain('description: Mine')
})

test('a server is removed at once, and put back by Undo', async ({ page, gateway, open }) => {
  await open('/servers/github')
  const before = gateway.catalog.text
  await page.getByRole('button', { name: 'More' }).click()
  await expectAccessible(page)
  await page.getByRole('menuitem', { name: 'Remove server' }).click()
  await expect(page.getByText('GitHub removed').first()).toBeVisible()
  await expect(page.getByRole('row', { name: /GitHub/ })).toBeHidden()
  expect(gateway.catalog.ids()).not.toContain('github')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => gateway.catalog.text).toBe(before)
})
