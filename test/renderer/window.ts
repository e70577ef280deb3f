import { AxeBuilder } from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'
import { FakeGateway } from './fake-gateway.ts'
import { serveGateway, type FakeServer } from './fake-server.ts'

interface WindowFixtures {
  /** Adjust its fields before or after the window opens. */
  gateway: FakeGateway
  server: FakeServer
  /** Opens the window signed in at a screen: `open('/servers?q=post')`. */
  open: (screen?: string) => Promise<void>
  /** Console errors that a spec provokes on purpose. */
  expectedErrors: RegExp[]
}

/** Specs of the window on the fake gateway. Any console error or uncaught one fails the test. */
export const test = base.extend<WindowFixtures>({
  gateway: async ({}, use) => {
    const gateway = new FakeGateway()
    await use(gateway)
    await gateway.close()
  },
  server: async ({ gateway }, use) => {
    const server = await serveGateway(gateway)
    await use(server)
    await server.close()
  },
  expectedErrors: async ({}, use) => use([]),
  // The server is named so that it ends after the page has been looked at: its end is an error in the console.
  page: async ({ page, expectedErrors, server: _server }, use) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !networkChanged.test(message.text()))
        errors.push(message.text())
    })
    await use(page)
    const unexpected = errors.filter((text) => !expectedErrors.some((one) => one.test(text)))
    expect(unexpected, 'errors in the console').toEqual([])
  },
  open: async ({ page, server }, use) => {
    await use(async (screen = '/servers') => {
      await page.goto(`${server.url}#code=good`)
      await page.getByRole('navigation', { name: 'Screens' }).waitFor()
      if (screen !== '/servers') await page.goto(`${server.url}#${screen}`)
    })
  },
})

/** The machine's network came or went, such as a container's: requests on the loopback are asked again. */
const networkChanged = /net::ERR_NETWORK_CHANGED/

/** Answers with a status above 399 are console errors of the browser's own. */
export const failedRequest = /Failed to load resource: the server responded with a status of/

/** No serious or critical violation; contrast in both themes. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((name) => {
      document.documentElement.dataset['theme'] = name
    }, theme)
    // Colours in transition are neither the one nor the other. A skeleton's pulse never ends.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter(({ effect }) => effect?.getTiming().iterations !== Infinity)
          .map(({ finished }) => finished.catch(() => {})),
      ),
    )
    const axe = new AxeBuilder({ page })
    // All but the colours is the same in both.
    if (theme === 'dark') axe.withRules(['color-contrast'])
    const { violations } = await axe.analyze()
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(
      grave.map(({ id, nodes }) => ({
        id,
        theme,
        nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
      })),
    ).toEqual([])
  }
}
