import type { Browser, Page } from '@playwright/test'
import { AuthorizationServer } from '../sign-in/authorization-server.ts'
import { ProtectedServer } from '../sign-in/protected-server.ts'
import { expect, test as base } from './desktop-app.ts'
import type { DesktopApp } from './desktop-app.ts'

/** A real issuer, and a server behind it that is in the user's catalog. */
const test = base.extend<{ issuer: AuthorizationServer }>({
  issuer: async ({ user }, use) => {
    // On macOS and Windows this would be the keychain of whoever runs the tests.
    test.skip(process.platform !== 'linux', 'No keychain of a person’s own is written into.')
    const issuer = await AuthorizationServer.start({ asks: true })
    const server = await ProtectedServer.start(issuer)
    const runtime = { type: 'remote-http', url: server.url }
    user.install([{ id: 'cloud', display_name: 'Cloud', runtime }])
    await use(issuer)
    await server.stop()
    await issuer.stop()
  },
})

/** From now on the system's browser is none: what it is asked to open is kept. */
async function watchBrowser({ electron }: DesktopApp): Promise<() => Promise<string[]>> {
  await electron.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { openedOutside: opened })
    shell.openExternal = (url) => {
      opened.push(url)
      return Promise.resolve()
    }
  })
  return () => electron.evaluate((): string[] => Reflect.get(globalThis, 'openedOutside'))
}

/** A person at the issuer's pages, in a browser of their own. */
async function signIn(browser: Browser, link: string): Promise<void> {
  const page = await browser.newPage()
  await page.goto(link)
  for (const prompt of ['login', 'consent']) {
    await expect(page.getByRole('heading')).toHaveText(prompt)
    await page.getByRole('button', { name: 'Allow' }).click()
  }
  await expect(page.getByRole('heading')).toHaveText('Signed in')
  await page.close()
}

const panel = (page: Page) => page.getByRole('region', { name: 'Sign-in' }).first()

test('the window and the tray open the system’s browser, and say who is signed in', async ({
  issuer,
  launch,
  browser,
}) => {
  test.slow()
  const app = await launch()
  const page = await app.page()
  const opened = await watchBrowser(app)
  await page.getByRole('button', { name: 'Start Cloud' }).click()
  await page.getByRole('gridcell', { name: 'Sign-in needed Cloud' }).click()
  await panel(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect.poll(opened).toHaveLength(1)
  await expect(panel(page)).toContainText('Waiting for the browser')
  expect(app.electron.windows()).toHaveLength(1)
  await panel(page).getByRole('button', { name: 'Cancel' }).click()
  await expect(panel(page)).toContainText('Sign in to use Cloud')

  await expect.poll(() => app.tray.labels()).toContain('◆ Cloud')
  expect(await app.tray.toolTip()).toContain('Cloud needs a sign-in')
  await app.tray.click('◆ Cloud', 'Sign in')
  await expect.poll(opened).toHaveLength(2)
  const [first, link = ''] = await opened()
  expect(link).toContain(issuer.issuer)
  expect(link).not.toBe(first)
  await signIn(browser, link)
  await expect(page.getByRole('region', { name: 'Sign-in' })).toContainText(issuer.issuer)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => app.tray.labels()).toContain('● Cloud')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await expect.poll(() => app.tray.labels()).toContain('◆ Cloud')
  expect(issuer.revocations).toBeGreaterThan(0)
})

test('where no browser opens, the tray brings the window with the link', async ({
  issuer,
  launch,
}) => {
  test.slow()
  const app = await launch()
  const page = await app.page()
  await page.getByRole('button', { name: 'Start Cloud' }).click()
  await expect.poll(() => app.tray.labels()).toContain('◆ Cloud')
  await app.electron.evaluate(({ shell }) => {
    shell.openExternal = () => Promise.reject(new Error('There is no browser.'))
  })
  await app.tray.click('◆ Cloud', 'Sign in')
  await expect(page).toHaveURL(/#\/servers\/cloud/)
  await expect(panel(page)).toContainText('Waiting for the browser')
  await panel(page).getByRole('button', { name: 'Open it here' }).click()
  await expect(page.getByRole('link', { name: 'Open the sign-in page' })).toHaveAttribute(
    'href',
    new RegExp(`^${issuer.issuer}/`),
  )
})
