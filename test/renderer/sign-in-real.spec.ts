import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import { AuthorizationServer } from '../sign-in/authorization-server.ts'
import { ProtectedServer } from '../sign-in/protected-server.ts'
import { startRealGateway, type RealGateway } from './real-gateway.ts'
import { expectAccessible, failedRequest, test as base } from './window.ts'

interface World {
  issuer: AuthorizationServer
  server: ProtectedServer
  gateway: RealGateway
  /** A call as a script makes it: the account that it is made with, or what came instead. */
  whoami: () => Promise<string>
}

/** The real gateway in front of a real server behind a real issuer, whose page asks in this very browser. */
const test = base.extend<{ world: World }>({
  world: async ({ page, expectedErrors }, use) => {
    // On macOS and Windows this would be the keychain of whoever runs the tests.
    test.skip(process.platform !== 'linux', 'No keychain of a person’s own is written into.')
    // A start that a sign-in is missing for is refused.
    expectedErrors.push(failedRequest)
    const issuer = await AuthorizationServer.start({ asks: true })
    const server = await ProtectedServer.start(issuer)
    const runtime = { type: 'remote-http', url: server.url }
    const servers = [{ id: 'cloud', display_name: 'Cloud', runtime }]
    const { DBUS_SESSION_BUS_ADDRESS: _bus, XDG_RUNTIME_DIR: _dir, ...env } = process.env
    const gateway = await startRealGateway(JSON.stringify({ servers }), env)
    await use({ issuer, server, gateway, whoami: () => whoami(gateway) })
    // First the window: it would miss its gateway.
    await page.close()
    await gateway.stop()
    await server.stop()
    await issuer.stop()
  },
})

async function whoami({ dir, url }: RealGateway): Promise<string> {
  const key = (await fs.readFile(path.join(dir, 'state', 'key'), 'utf8')).trim()
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      server_id: 'cloud',
      method: 'tools/call',
      params: { name: 'whoami', arguments: {} },
    }),
  })
  return response.text()
}

const panel = (page: Page) => page.getByRole('region', { name: 'Sign-in' }).first()

/** Opens the issuer's page from the window. */
async function openIssuer(page: Page): Promise<Page> {
  const opened = page.context().waitForEvent('page')
  await panel(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  const issuer = await opened
  await expect(issuer.getByRole('heading')).toHaveText('login')
  return issuer
}

/** Answers yes, and gives the address that the browser is sent to, which does not go there: it is on another machine. */
async function endOf(issuer: Page): Promise<string> {
  const once = { maxRedirects: 0 }
  const answered = await issuer.request.post(issuer.url(), { ...once, form: { answer: 'yes' } })
  const next = new URL(answered.headers()['location'] ?? '', issuer.url())
  const sent = await issuer.request.get(next.href, once)
  return sent.headers()['location'] ?? ''
}

test('a person signs in once in the browser, waiting calls go on, and signing out ends it', async ({
  page,
  world,
}) => {
  test.slow()
  const { issuer: authorizationServer } = world
  await page.goto(await world.gateway.link())
  await page.getByRole('button', { name: 'Start Cloud' }).click()
  await expect(page.getByRole('region', { name: /Notice/ })).toContainText('Cloud needs a sign-in')
  const row = page.getByRole('row', { name: /Cloud/ })
  await expect(row).toContainText('Sign-in needed at 127.0.0.1')
  await page.getByRole('gridcell', { name: 'Sign-in needed Cloud' }).click()
  const issuer = await openIssuer(page)
  await expect(panel(page)).toContainText('Waiting for the browser')
  const waiting = world.whoami()
  await issuer.getByRole('button', { name: 'Allow' }).click()
  await expect(issuer.getByRole('heading')).toHaveText('consent')
  await issuer.getByRole('button', { name: 'Allow' }).click()
  await expect(issuer.getByRole('heading')).toHaveText('Signed in')
  expect(await waiting).toContain('ada')
  const facts = page.getByRole('region', { name: 'Sign-in' })
  await expect(facts).toContainText(authorizationServer.issuer)
  await expect(facts).toContainText('read')
  await expect(facts).toContainText('Renewed by itself, next in')
  await expectAccessible(page)
  // No token is in the window.
  const shown = await page.content()
  for (const secret of authorizationServer.given) expect(shown).not.toContain(secret)

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('region', { name: /Notice/ })).toContainText('Signed out of Cloud')
  await expect(panel(page)).toContainText('Sign in to use Cloud')
  await expect.poll(() => authorizationServer.revocations).toBeGreaterThan(0)
  expect(await world.whoami()).toContain('gateway auth cloud')
})

test('a refusal is told; the address of another machine’s browser is taken', async ({
  page,
  world,
}) => {
  test.slow()
  await page.goto(await world.gateway.link())
  await page.getByRole('button', { name: 'Start Cloud' }).click()
  await page.getByRole('gridcell', { name: 'Sign-in needed Cloud' }).click()
  const refused = await openIssuer(page)
  await refused.getByRole('button', { name: 'Refuse' }).click()
  await expect(refused.getByRole('heading')).toHaveText('Not signed in')
  await expect(panel(page)).toContainText('Not signed in to Cloud')
  await expect(panel(page)).toContainText('Access was refused')

  const issuer = await openIssuer(page)
  await issuer.getByRole('button', { name: 'Allow' }).click()
  await expect(issuer.getByRole('heading')).toHaveText('consent')
  const end = await endOf(issuer)
  await panel(page).getByRole('button', { name: 'The browser is on another machine' }).click()
  await panel(page)
    .getByRole('textbox', { name: /Address/ })
    .fill(end)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  expect(await world.whoami()).toContain('ada')
})
