import fs from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { startRealGateway } from './real-gateway.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

/** `disc`: as dots. */
const shownAs = (field: Element): string =>
  getComputedStyle(field).getPropertyValue('-webkit-text-security')

test.describe('the secrets', () => {
  test('are listed with their place and their servers, set, replaced and removed', async ({
    page,
    gateway,
    open,
  }) => {
    gateway.clients.secrets.set('OLD', 'x')
    gateway.catalog.text += `  - id: vault\n    runtime: { type: local-process, command: x }\n    env: { TOKEN: "\${secret:VAULT_TOKEN}" }\n`
    await open('/settings')
    const list = page.getByRole('list', { name: 'Secrets' })
    await expect(list.getByRole('listitem')).toHaveText([
      /OLD.*In the keychain, used by no server/,
      /VAULT_TOKEN.*Not set, used by vault/,
    ])
    await list.getByRole('button', { name: 'Set VAULT_TOKEN' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set VAULT_TOKEN' })
    await expect(dialog).toContainText('vault takes it at once')
    await expect(dialog.getByRole('button', { name: 'Set secret' })).toBeDisabled()
    const value = dialog.getByRole('textbox', { name: 'Value' })
    await expect(value).toBeFocused()
    await value.fill('two\nlines')
    expect(await value.evaluate(shownAs)).toBe('disc')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Show what is typed' }).click()
    expect(await value.evaluate(shownAs)).toBe('none')
    await dialog.getByRole('button', { name: 'Set secret' }).click()
    await expect(page.getByText('In the keychain: VAULT_TOKEN', { exact: true })).toBeVisible()
    await expect(list).toContainText('In the keychain, used by vault')
    expect(gateway.clients.secrets.get('VAULT_TOKEN')).toBe('two\nlines')

    await list.getByRole('button', { name: 'Remove OLD' }).click()
    await page
      .getByRole('dialog', { name: 'Remove the secret OLD?' })
      .getByRole('button', { name: 'Remove secret' })
      .click()
    await expect(list.getByRole('listitem')).toHaveCount(1)
    expect([...gateway.clients.secrets.keys()]).toEqual(['VAULT_TOKEN'])
  })

  test('a new one has a name that a catalog can say, and tells where it is kept', async ({
    page,
    gateway,
    open,
  }) => {
    gateway.secrets.note = 'The keychain is locked.'
    await open('/settings')
    await expect(page.getByText('There are none yet.')).toBeVisible()
    await page.getByRole('button', { name: 'New secret' }).click()
    const dialog = page.getByRole('dialog', { name: 'New secret' })
    await dialog.getByRole('textbox', { name: 'Name' }).fill('MY KEY')
    await dialog.getByRole('textbox', { name: 'Value' }).fill('v')
    await expect(dialog).toContainText('Letters, digits')
    await expect(dialog.getByRole('button', { name: 'Set secret' })).toBeDisabled()
    await dialog.getByRole('textbox', { name: 'Name' }).fill('MY_KEY')
    await page.keyboard.press('Enter')
    await expect(page.getByText('In an encrypted file: MY_KEY', { exact: true })).toBeVisible()
    await expect(page.getByText('The keychain is locked.', { exact: true })).toBeVisible()
    expect(gateway.clients.secrets.get('MY_KEY')).toBe('v')
  })
})

test('a real server that waits for its secret gets it where it says so, and runs', async ({
  page,
  expectedErrors,
}) => {
  // On macOS and Windows this would be the keychain of whoever runs the tests.
  test.skip(process.platform !== 'linux', 'No keychain of a person’s own is written into.')
  // A start without its secret is refused.
  expectedErrors.push(failedRequest)
  const program = path.resolve(import.meta.dirname, '../fixtures/server-scripted.mjs')
  const runtime = { type: 'local-process', command: process.execPath, args: [program] }
  const servers = [{ id: 'vault', runtime, env: { TOKEN: '${secret:VAULT_TOKEN}' } }]
  const { DBUS_SESSION_BUS_ADDRESS: _bus, XDG_RUNTIME_DIR: _dir, ...env } = process.env
  const gateway = await startRealGateway(JSON.stringify({ servers }), env)
  try {
    await page.goto(await gateway.link())
    await page.getByRole('gridcell', { name: /vault/ }).first().click()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    const missing = page.getByRole('list', { name: 'Missing secrets' })
    await missing.getByRole('button', { name: 'Set VAULT_TOKEN' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set VAULT_TOKEN' })
    await dialog.getByRole('textbox', { name: 'Value' }).fill('hunter2-and-more')
    await dialog.getByRole('button', { name: 'Set secret' }).click()
    await expect(missing).toBeHidden()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(page.getByRole('main')).toContainText('Running')
    expect(await fs.readFile(gateway.catalogPath, 'utf8')).not.toContain('hunter2')
  } finally {
    await page.close()
    await gateway.stop()
  }
})
