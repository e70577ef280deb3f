import { expect, type Page } from '@playwright/test'
import type { FakeGateway } from './fake-gateway.ts'
import { addContainers, addSignIns } from './fake-remotes.ts'
import { test } from './window.ts'

/** Each screen as it looks: name, address, and what is there beside the usual. A picture in each theme and size goes to .build/screenshots/. */
const screens: [name: string, address: string, add?: (gateway: FakeGateway) => void][] = [
  ['servers', '/servers'],
  ['server', '/servers/postgres'],
  ['server-tools', '/servers/postgres?tab=tools&item=query'],
  ['server-union', '/servers/postgres?tab=tools&item=filter'],
  ['server-resources', '/servers/postgres?tab=resources&item=db%3A%2F%2Fshop%2F%7Btable%7D'],
  ['server-prompts', '/servers/postgres?tab=prompts&item=explain'],
  ['server-log', '/servers/postgres?tab=log'],
  ['server-settings', '/servers/postgres?tab=settings'],
  ['server-unhealthy', '/servers/slack'],
  ['servers-waiting', '/servers', addWaiting],
  ['sign-in-needed', '/servers/linear', addSignIns],
  ['sign-in-failed', '/servers/notion', addSignIns],
  ['sign-in-waiting', '/servers/linear', addWaiting],
  ['signed-in', '/servers/atlassian', addSignIns],
  ['container', '/servers/redis', addContainers],
  ['container-pulling', '/servers/neo4j', addWaiting],
  ['container-engine', '/servers/milvus', addContainers],
  ['activity', '/activity'],
  ['catalog', '/catalog'],
  ['clients', '/clients'],
  ['clients-all', '/clients?scope=all'],
  ['client-connected', '/clients/cursor'],
  ['client-found', '/clients/claude-desktop'],
  ['client-unseen', '/clients/vscode'],
  ['client-problem', '/clients/roo-code'],
  ['client-access', '/clients/nightly-report?tab=access'],
  ['client-connect', '/clients/zed?connect=1'],
  ['client-connect-http', '/clients/cursor?connect=1'],
  ['client-connect-cli', '/clients/claude-code?connect=1'],
  ['clients-grant', '/clients?grant=1'],
  ['clients-import', '/clients?import=1'],
  ['clients-found', '/clients?import=1'],
  ['client-check', '/clients/cursor'],
  ['logs', '/logs'],
  ['settings', '/settings'],
]

const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
  { width: 720, height: 640 },
]

/** A browser is waited for, and an image is pulled. */
function addWaiting(gateway: FakeGateway): void {
  addContainers(gateway)
  addSignIns(gateway)
  gateway.signIns.start('linear')
  gateway.set('neo4j', { status: 'starting', reason: 'pulling the image' })
  gateway.containers.pulling('neo4j', {
    done_bytes: 48_200_000,
    total_bytes: 112_000_000,
    step: 'Downloading',
  })
}

for (const [name, address, add] of screens)
  for (const theme of ['light', 'dark'] as const)
    for (const size of sizes)
      test(`${name} ${theme} ${size.width}`, async ({ page, gateway, open }) => {
        add?.(gateway)
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await open(address)
        await waitFor(page, address)
        await goOn(page, name)
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        if (name === 'server' || name === 'activity') await page.locator('canvas').first().waitFor()
        await page.evaluate(() => document.fonts.ready)
        await page.screenshot({
          path: `.build/screenshots/${name}-${theme}-${size.width}x${size.height}.png`,
        })
      })

/** What stands on the screen once it is there. */
async function waitFor(page: Page, address: string): Promise<void> {
  const what = /\?(connect|grant|import)=/.test(address)
    ? page.getByRole('dialog')
    : /^\/(servers|clients)\//.test(address)
      ? page.getByRole('tab')
      : address.startsWith('/clients')
        ? page.getByRole('grid', { name: 'AI clients' })
        : // The window opens with the servers, whose heading is another.
          page.getByRole('heading', { level: 1, name: new RegExp(address.slice(1), 'i') })
  await what.first().waitFor()
}

/** What no address leads to. */
async function goOn(page: Page, name: string): Promise<void> {
  if (name === 'clients-found') {
    await page.getByRole('button', { name: 'Look for servers' }).click()
    await page.getByRole('button', { name: 'Show the change in Claude Desktop' }).click()
  }
  if (name === 'client-check') await page.getByRole('button', { name: 'Check now' }).click()
}
