import { expect } from '@playwright/test'
import { CatalogPage } from './catalog-page.ts'
import { addContainers } from './fake-remotes.ts'
import { expectAccessible, failedRequest, test as base } from './window.ts'

const test = base.extend({
  gateway: async ({ gateway }, use) => {
    addContainers(gateway)
    await use(gateway)
  },
})

test('a pull shows how far it is, in the list and on the server’s page, to its end', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  const row = page.getByRole('row', { name: /Neo4j/ })
  await expect(row).toContainText('Stopped, not started yet')
  gateway.set('neo4j', { status: 'starting', reason: 'pulling the image' })
  gateway.containers.pulling('neo4j', null)
  const inRow = row.getByRole('progressbar', { name: 'Pulling mcp/neo4j:latest' })
  await expect(inRow).not.toHaveAttribute('aria-valuenow')
  const progress = { done_bytes: 48_200_000, total_bytes: 112_000_000, step: 'Downloading' }
  gateway.containers.pulling('neo4j', progress)
  await expect(inRow).toHaveAttribute('aria-valuenow', '43')
  await expect(row).toContainText('Pulling image 43 %')
  await expectAccessible(page)
  await page.getByRole('gridcell', { name: 'Starting Neo4j' }).click()
  const part = page.getByRole('region', { name: 'Container', exact: true })
  await expect(part).toContainText('Downloading, 48 MB of 112 MB')
  await expect(part.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '43')
  await expectAccessible(page)
  gateway.containers.pulling('neo4j', { ...progress, done_bytes: 112_000_000, step: 'Extracting' })
  await expect(part).toContainText('Extracting')
  gateway.containers.pulled('neo4j')
  await expect(part).toContainText('On this machine')
  await expect(part.getByRole('progressbar')).toHaveCount(0)
})

test('a container shows its engine, ID to copy, memory and CPU', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/redis')
  const part = page.getByRole('region', { name: 'Container', exact: true })
  await expect(part).toContainText('Docker')
  await expect(part).toContainText('mcp-redis-1')
  await expect(part).toContainText('61 MB of 512 MiB, 3.2 % of a core')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await part.getByRole('button', { name: 'Copy the ID of mcp-redis-1' }).click()
  await expect(page.getByText('Container ID copied', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    gateway.containers.rows[0]?.containers[0]?.id,
  )
  await expectAccessible(page)
  // It comes and goes without being asked for again.
  gateway.containers.change('redis', { containers: [] })
  await expect(part).toContainText('None runs')
})

test('a newer image is pulled at will; what runs goes on, and is restarted by a click', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/redis')
  const part = page.getByRole('region', { name: 'Container', exact: true })
  await part.getByRole('button', { name: 'Pull again' }).click()
  await expect(part.getByRole('progressbar', { name: 'Pulling mcp/redis:1.4' })).toBeVisible()
  await expect(part).toContainText('Waiting for the engine')
  gateway.containers.pulled('redis')
  const notice = page.getByRole('region', { name: /Notice/ })
  await expect(notice).toContainText('mcp/redis:1.4 is pulled')
  await notice.getByRole('button', { name: 'Restart' }).click()
  await expect
    .poll(() => gateway.calls.filter(({ name }) => name === 'server.restart'))
    .toHaveLength(1)
})

test('a pull that fails says why and what to do, where the image is', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/servers/neo4j')
  const part = page.getByRole('region', { name: 'Container', exact: true })
  await expect(part).toContainText('pulled at the next start')
  await part.getByRole('button', { name: 'Pull now' }).click()
  await expect(part.getByRole('progressbar')).toBeVisible()
  gateway.containers.pulled(
    'neo4j',
    'Docker could not pull it: denied. Check the name in `image`; if it is private, sign in with `docker login`.',
  )
  await expect(part).toContainText('if it is private, sign in with docker login.')
  await expectAccessible(page)
  await expect(part.getByRole('button', { name: 'Pull now' })).toBeEnabled()
  // A start fails by the same: once is enough, beside the button.
  const why = gateway.containers.rows.find(({ server_id: id }) => id === 'neo4j')?.image.problem
  gateway.set('neo4j', { status: 'unhealthy', reason: 'it did not start', last_error: why ?? null })
  await expect(page.getByRole('button', { name: 'Start' })).toBeVisible()
  const overview = page.getByRole('tabpanel', { name: 'Overview' })
  await expect(overview.getByText('if it is private')).toHaveCount(1)
  gateway.set('neo4j', { last_error: 'It needs `NEO4J_URI`.' })
  await expect(overview.getByText('It needs NEO4J_URI.')).toBeVisible()
})

test('an engine that cannot be used is said once in the list, with the remedy, and checked again', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  const banner = page.getByRole('status').filter({ hasText: 'Podman is not running' })
  await expect(banner).toContainText('systemctl --user enable --now podman.socket')
  await expect(banner).toContainText('One server needs it.')
  await expectAccessible(page)
  await page.getByRole('gridcell', { name: 'Stopped Milvus' }).click()
  const part = page.getByRole('region', { name: 'Container', exact: true })
  await expect(part).toContainText('Podman is not running')
  await expect(part.getByRole('button', { name: /Pull/ })).toHaveCount(0)
  await expectAccessible(page)
  gateway.containers.rows = gateway.containers.rows.map((row) => ({ ...row, engine_problem: null }))
  await part.getByRole('button', { name: 'Check again' }).click()
  await expect(part).not.toContainText('Podman is not running')
  await page.getByRole('button', { name: 'Close' }).click()
  await expect(banner).toBeHidden()
})

test('a catalog without containers asks no engine', async ({ page, gateway, open }) => {
  gateway.servers = gateway.servers.filter(({ runtime_type: type }) => type !== 'docker')
  await open()
  await page.getByRole('gridcell', { name: 'Running PostgreSQL' }).click()
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible()
  expect(gateway.calls.some(({ name }) => name === 'containers.list')).toBe(false)
})

test('a container is added from a template, and its limits are set in the form', async ({
  page,
  gateway,
  open,
}) => {
  const catalog = new CatalogPage(page)
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('tab', { name: 'Template' }).click()
  await dialog.getByRole('radio', { name: 'Container (Podman)' }).check()
  await dialog.getByRole('textbox', { name: 'Image' }).fill('ghcr.io/shop/mcp-postgres:1.2')
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('postgres-2')
  await dialog.getByRole('textbox', { name: 'ID' }).fill('shop')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Add server' }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'shop' })).toBeVisible()
  await expect(page.getByRole('combobox', { name: 'Engine' })).toHaveValue('podman')
  await expect(page.getByRole('textbox', { name: 'Port' })).toBeHidden()
  await page.getByRole('button', { name: 'Limits and rights · defaults' }).click()
  const memory = page.getByRole('textbox', { name: 'Memory' })
  await memory.fill('much')
  await expect(catalog.form.getByText('Write a number with k, m or g')).toBeVisible()
  await memory.fill('512M')
  await memory.blur()
  const cpus = page.getByRole('textbox', { name: 'CPUs' })
  await cpus.fill('0')
  await expect(catalog.form.getByText('This must be more than 0.')).toBeVisible()
  await cpus.fill('0.5')
  await cpus.blur()
  await page.getByRole('switch', { name: 'Read only' }).click()
  await page.getByRole('combobox', { name: 'Transport' }).selectOption('http')
  const port = page.getByRole('textbox', { name: 'Port' })
  await port.fill('8080')
  await port.blur()
  await expect(catalog.editor).toContainText('port: 8080')
  await expectAccessible(page)
  expect(await catalog.saveAll()).toEqual(['Adds shop.'])
  expect(gateway.catalog.entry('shop')?.['runtime']).toEqual({
    type: 'docker',
    engine: 'podman',
    image: 'ghcr.io/shop/mcp-postgres:1.2',
    memory: '512M',
    cpus: 0.5,
    read_only: true,
    transport: 'http',
    port: 8080,
  })
})
