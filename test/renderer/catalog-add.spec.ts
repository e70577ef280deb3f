import { expect } from '@playwright/test'
import { CatalogPage, readme } from './catalog-page.ts'
import { failedRequest, test } from './window.ts'

test('a README’s JSON is pasted, looked at, added and saved', async ({ page, gateway, open }) => {
  const catalog = new CatalogPage(page)
  const before = gateway.catalog.text
  await open('/catalog?add=1')
  const dialog = page.getByRole('dialog', { name: 'Add server' })
  await dialog.getByRole('textbox', { name: 'Text' }).fill(readme)
  await expect(dialog.getByRole('textbox', { name: 'ID' })).toHaveValue('brave-search')
  await expect(dialog.getByText('BRAVE_API_KEY looks like a secret')).toBeVisible()
  await expect(dialog.getByRole('checkbox', { name: /outside of the catalog/ })).toBeChecked()
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
    env: { BRAVE_API_KEY: '${secret:BRAVE_API_KEY}' },
  })
  expect(gateway.clients.secrets.get('BRAVE_API_KEY')).toMatch(/^BSA/)
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
  await expect(dialog.getByRole('radio')).toHaveCount(6)
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
