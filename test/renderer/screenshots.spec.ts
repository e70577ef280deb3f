import { expect } from '@playwright/test'
import { test } from './window.ts'

/** Each screen as it looks: name and address. A picture in each theme and size goes to .build/screenshots/. */
const screens: [name: string, address: string][] = [
  ['servers', '/servers'],
  ['server', '/servers/postgres'],
  ['server-tools', '/servers/postgres?tab=tools&item=query'],
  ['server-union', '/servers/postgres?tab=tools&item=filter'],
  ['server-resources', '/servers/postgres?tab=resources&item=db%3A%2F%2Fshop%2F%7Btable%7D'],
  ['server-prompts', '/servers/postgres?tab=prompts&item=explain'],
  ['server-log', '/servers/postgres?tab=log'],
  ['server-settings', '/servers/postgres?tab=settings'],
  ['server-unhealthy', '/servers/slack'],
  ['activity', '/activity'],
  ['catalog', '/catalog'],
  ['logs', '/logs'],
  ['settings', '/settings'],
]

const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
]

for (const [name, address] of screens)
  for (const theme of ['light', 'dark'] as const)
    for (const size of sizes)
      test(`${name} ${theme} ${size.width}`, async ({ page, open }) => {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await open(address)
        const isServer = address.startsWith('/servers/')
        await page
          .getByRole(isServer ? 'tab' : 'heading')
          .first()
          .waitFor()
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        if (name === 'server' || name === 'activity') await page.locator('canvas').first().waitFor()
        await page.evaluate(() => document.fonts.ready)
        await page.screenshot({
          path: `.build/screenshots/${name}-${theme}-${size.width}x${size.height}.png`,
        })
      })
