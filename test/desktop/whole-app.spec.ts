import fs from 'node:fs'
import { isAlive } from '../support/processes.ts'
import { firstDay } from '../support/whole-app.ts'
import { expect, test } from './desktop-app.ts'

test('the first day with the app, from a pasted README to quitting', async ({ user, launch }) => {
  test.slow()
  fs.writeFileSync(user.catalog, '# Kept by hand.\nservers: []\n')
  const app = await launch()
  const page = await app.page()
  await firstDay(page, user.catalog)
  const pids = user.processesOf('server-everything')
  expect(pids.length).toBeGreaterThan(0)

  await app.tray.click('● everything', 'Stop')
  await expect.poll(() => app.tray.labels()).toContain('○ everything')
  expect(pids.filter(isAlive)).toEqual([])
  await app.tray.click('○ everything', 'Start')
  await expect.poll(() => app.tray.labels()).toContain('● everything')

  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await expect.poll(() => app.windowState()).toMatchObject({ visible: false })
  await app.tray.click('Open window')
  await expect.poll(() => app.windowState()).toMatchObject({ visible: true })
  await page.getByRole('link', { name: 'Servers' }).click()
  await expect(page.getByRole('gridcell', { name: 'Running everything' })).toBeVisible()

  const running = user.processesOf('server-everything')
  await app.tray.click('Quit')
  expect(await app.exited).toBe(0)
  expect(running.filter(isAlive)).toEqual([])
})
