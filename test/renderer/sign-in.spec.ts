import { expect, type Page } from '@playwright/test'
import { addSignIns } from './fake-remotes.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { expectAccessible, failedRequest, test as base } from './window.ts'

/** With servers that sign in; their issuers' pages are none of the internet's. */
const test = base.extend({
  gateway: async ({ gateway }, use) => {
    addSignIns(gateway)
    await use(gateway)
  },
  page: async ({ page }, use) => {
    await page
      .context()
      .route(/^https:\/\/(linear\.app|api\.notion\.com|auth\.atlassian\.com)\//, (route) =>
        route.fulfill({ contentType: 'text/html', body: '<title>Issuer</title>Allow?' }),
      )
    await use(page)
  },
})

const panel = (page: Page) => page.getByRole('region', { name: 'Sign-in' }).first()
const signInOf = (gateway: FakeGateway, id: string) =>
  gateway.servers.find((row) => row.id === id)?.sign_in

test('a server that needs a sign-in says so in the list, in the summary and in the filter', async ({
  page,
  open,
}) => {
  await open()
  const linear = page.getByRole('row', { name: /Linear/ })
  await expect(linear).toContainText('Sign-in needed at linear.app')
  const notion = page.getByRole('row', { name: /Notion/ })
  await expect(notion).toContainText('Access was not granted at api.notion.com.')
  await expect(
    page.getByText('4 of 12 servers running, 1 unhealthy, 2 need a sign-in'),
  ).toBeVisible()
  await expectAccessible(page)
  const filter = page.getByRole('combobox', { name: 'State' })
  await filter.selectOption('Sign-in needed')
  await expect(page.getByRole('gridcell', { name: 'Sign-in needed Linear' })).toBeVisible()
  await expect(page.getByRole('row')).toHaveCount(3)
  await filter.selectOption('Stopped')
  await expect(page.getByRole('gridcell', { name: 'Stopped Memory' })).toBeVisible()
  await expect(linear).toBeHidden()
  await filter.selectOption('Needs attention')
  await expect(linear).toBeVisible()
})

test('one click opens the issuer’s page, waits for it, and says who is signed in', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  const opened = page.context().waitForEvent('page')
  await page.getByRole('button', { name: 'Sign in to Linear' }).click()
  const issuer = await opened
  await issuer.waitForURL(/^https:\/\/linear\.app\/authorize/)
  expect(await issuer.evaluate(() => window.opener === null)).toBe(true)
  expect(await issuer.evaluate(() => document.referrer)).toBe('')
  await expect(panel(page)).toContainText('Waiting for the browser')
  await expect(panel(page)).toContainText(/9 min \d+ s left|10 min left/)
  await expect(page.getByRole('link', { name: 'Open the sign-in page' })).toHaveAttribute(
    'href',
    issuer.url(),
  )
  await expectAccessible(page)
  gateway.signIns.arrives('linear', 'granted')
  await expect(page.getByRole('heading', { name: 'Waiting for the browser' })).toBeHidden()
  const facts = page.getByRole('region', { name: 'Sign-in' })
  await expect(facts).toContainText('ada@example.com')
  await expect(facts).toContainText('https://linear.app')
  await expect(facts).toContainText('issues:create')
  await expect(facts).toContainText(/Renewed by itself, next in (59 min|1 h)/)
  await expect(page.getByRole('status').filter({ hasText: 'Linear: signed in.' })).toBeAttached()
  await expectAccessible(page)
})

test('by keyboard alone: Space in the list, then Cancel on the server’s page', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  await page.getByRole('row', { name: /Linear/ }).focus()
  const opened = page.context().waitForEvent('page')
  await page.keyboard.press('Space')
  await opened
  await page.bringToFront()
  const cancel = panel(page).getByRole('button', { name: 'Cancel' })
  await cancel.focus()
  await page.keyboard.press('Enter')
  await expect(panel(page)).toContainText('Sign in to use Linear')
  expect(signInOf(gateway, 'linear')?.state).toBe('needed')
})

test('the palette signs in', async ({ page, gateway, open }) => {
  await open('/activity')
  await page.keyboard.press('Control+k')
  await page
    .getByRole('combobox', { name: 'Search servers, screens and actions' })
    .fill('sign in to lin')
  const opened = page.context().waitForEvent('page')
  await page.getByRole('option', { name: 'Sign in to Linear' }).click()
  await opened
  await expect(page).toHaveURL(/#\/servers\/linear/)
  await expect(panel(page)).toContainText('Waiting for the browser')
  expect(gateway.calls.filter(({ name }) => name === 'sign_in.start')).toHaveLength(1)
})

test('a gateway that takes its time says so, and opens no page behind the user’s back', async ({
  page,
  gateway,
  open,
}) => {
  await page.addInitScript(() => {
    // The browser forgets a click after a few seconds.
    Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })
  })
  gateway.delayMs.set('sign_in.start', 1000)
  await open('/servers/linear')
  const button = panel(page).getByRole('button', { name: 'Sign in' })
  await button.click()
  await expect(button).toHaveAttribute('aria-busy', 'true')
  const link = panel(page).getByRole('link', { name: 'Open the sign-in page' })
  await expect(link).toBeVisible()
  expect(page.context().pages()).toHaveLength(1)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await panel(page).getByRole('button', { name: 'Copy link' }).click()
  await expect(page.getByText('Link copied', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
    'linear.app/authorize',
  )
  const opened = page.context().waitForEvent('page')
  await link.click()
  expect((await opened).url()).toContain('linear.app/authorize')
})

test('a sign-in from elsewhere is shown, and its page opened from here with the same link', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/linear')
  await expect(panel(page)).toContainText('Sign in to use Linear')
  const { url } = gateway.signIns.start('linear')
  const opened = page.context().waitForEvent('page')
  await panel(page).getByRole('button', { name: 'Open it here' }).click()
  expect((await opened).url()).toBe(url)
})

test('the address that a browser on another machine ended at is pasted', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/servers/linear')
  await panel(page).getByRole('button', { name: 'Sign in' }).click()
  await page.bringToFront()
  await panel(page).getByRole('button', { name: 'The browser is on another machine' }).click()
  const field = panel(page).getByRole('textbox', { name: 'Address that the browser ended at' })
  await field.fill('code=1')
  await page.keyboard.press('Enter')
  await expect(panel(page)).toContainText('This is no address.')
  await field.fill('http://127.0.0.1:40001/callback?code=1&state=other')
  await page.keyboard.press('Enter')
  await expect(panel(page)).toContainText('That is not the address that this sign-in ends at.')
  await expectAccessible(page)
  await field.fill('http://127.0.0.1:40001/callback?code=1&state=s-linear')
  await page.keyboard.press('Enter')
  await expect(page.getByText('ada@example.com')).toBeVisible()
  expect(signInOf(gateway, 'linear')?.state).toBe('signed_in')
})

test('a refusal and a link that nobody used are told in words, and tried again', async ({
  page,
  gateway,
  open,
}) => {
  await open('/servers/linear')
  await panel(page).getByRole('button', { name: 'Sign in' }).click()
  await page.bringToFront()
  await expect(panel(page)).toContainText('Waiting for the browser')
  gateway.signIns.arrives('linear', 'refused')
  await expect(panel(page)).toContainText('Not signed in to Linear')
  await expect(panel(page)).toContainText('Access was not granted at linear.app.')
  await expectAccessible(page)
  await panel(page).getByRole('button', { name: 'Sign in' }).click()
  await page.bringToFront()
  await expect(panel(page)).toContainText('Waiting for the browser')
  gateway.signIns.arrives('linear', 'nothing')
  await expect(panel(page)).toContainText('Nobody signed in within 10 min')
})

test('an issuer that cannot be found is told with its reason', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  await open('/servers/memory')
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible()
  gateway.servers = gateway.servers.filter(({ id }) => id !== 'linear')
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Sign in to Linear' }).click()
  await expect(page.getByRole('region', { name: /Notice/ })).toContainText(
    'The sign-in to Linear could not begin.',
  )
})

test('signing out is asked, says what it does, and what may live on', async ({
  page,
  gateway,
  open,
}) => {
  gateway.signIns.note = 'auth.atlassian.com revokes no tokens: what it gave lasts for up to 1 h.'
  await open('/servers/atlassian')
  await page.getByRole('button', { name: 'Sign out' }).click()
  const dialog = page.getByRole('dialog', { name: 'Sign out of Atlassian?' })
  await expect(dialog).toContainText('revoked at auth.atlassian.com')
  await expect(dialog).toContainText(
    'AI clients cannot use Atlassian until somebody signs in again',
  )
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Cancel' }).focus()
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  expect(signInOf(gateway, 'atlassian')?.state).toBe('signed_in')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await dialog.getByRole('button', { name: 'Sign out' }).click()
  const notice = page.getByRole('region', { name: /Notice/ })
  await expect(notice).toContainText('Signed out of Atlassian')
  await expect(notice).toContainText('revokes no tokens')
  await expect(panel(page)).toContainText('Sign in to use Atlassian')
})

test('a server that wants more than was granted works on, and asks', async ({
  page,
  gateway,
  open,
}) => {
  const before = signInOf(gateway, 'atlassian')
  if (before == null) throw new Error('Atlassian signs in.')
  gateway.set('atlassian', {
    sign_in: { ...before, problem: 'It wants more than was granted: delete:jira-work.' },
  })
  await open('/servers/atlassian')
  await expect(panel(page)).toContainText('delete:jira-work')
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible()
  const opened = page.context().waitForEvent('page')
  await panel(page).getByRole('button', { name: 'Sign in again' }).click()
  expect((await opened).url()).toContain('auth.atlassian.com')
})

test('a client that a person has registered is filled in, its secret kept out of the file', async ({
  page,
  gateway,
  open,
}) => {
  await open('/catalog?server=github')
  await expect(page.getByRole('heading', { level: 2, name: 'GitHub' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign-in · defaults' }).click()
  await page.getByRole('textbox', { name: 'Client ID' }).fill('Iv1.abc')
  await page.getByRole('textbox', { name: 'Client ID' }).blur()
  await page
    .getByRole('textbox', { name: 'Client secret' })
    .fill('9f86d081884c7d659a2feaa0c55ad015')
  await expect(page.getByText('This looks like a secret')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Use the variable' }).click()
  await expect(page.getByRole('textbox', { name: 'Client secret' })).toHaveValue(
    '${GITHUB_CLIENT_SECRET}',
  )
  await page.getByRole('main').getByRole('button', { name: 'Save', exact: true }).click()
  await page
    .getByRole('dialog', { name: 'Save the catalog' })
    .getByRole('button', { name: 'Save', exact: true })
    .click()
  await expect
    .poll(() => gateway.catalog.entry('github')?.['runtime'])
    .toMatchObject({
      oauth: { client_id: 'Iv1.abc', client_secret: '${GITHUB_CLIENT_SECRET}' },
    })
})
