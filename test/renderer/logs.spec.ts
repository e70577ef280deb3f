import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import type { ApiLogLine } from '../../src-shared/api-servers.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

const list = (page: Page) => page.getByRole('listbox', { name: 'Log lines' })
const lines = (page: Page) => list(page).getByRole('option')
const header = (page: Page) => page.getByRole('main').locator('header')

/** No server has printed anything yet. */
function quiet(gateway: FakeGateway): void {
  for (const { id } of gateway.servers) gateway.logs.set(id, [])
}

function line(seq: number, time: number, text: string): ApiLogLine {
  return { seq, time: new Date(time).toISOString(), source: 'stderr', text }
}

test.describe('the logs', () => {
  test('are one stream of all servers by time, live', async ({ page, gateway, open }) => {
    quiet(gateway)
    const began = Date.now() - 5000
    gateway.logs.set('postgres', [line(1, began, 'first'), line(2, began + 20, 'third')])
    gateway.logs.set('github', [line(1, began + 10, 'second')])
    await open('/logs')
    await expect(lines(page)).toHaveText([/postgres.*first/, /github.*second/, /postgres.*third/])
    gateway.log('github', '\u001b[31mERROR: it broke\u001b[0m')
    gateway.log('memory', 'Stopping: idle.', 'lifecycle')
    await expect(lines(page)).toHaveCount(5)
    await expect(lines(page).nth(3)).toHaveText(/github\s*error\s*ERROR: it broke$/)
    await expect(lines(page).nth(4)).toHaveText(/memory\s*lifecycle\s*Stopping: idle\.$/)
  })

  test('are narrowed by server, level and source, and say how many are left', async ({
    page,
    gateway,
    open,
  }) => {
    quiet(gateway)
    gateway.log('postgres', 'WARN slow')
    gateway.log('github', 'ERROR: broken')
    gateway.log('github', 'plain')
    gateway.log('github', 'odd', 'stdout')
    await open('/logs?server=github')
    await expect(lines(page)).toHaveCount(3)
    await expect(header(page)).toContainText('3 of 4 lines')
    await page.getByRole('button', { name: 'Lines: All lines' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Without a level' }).click()
    await expect(lines(page)).toHaveText([/broken/])
    await page.keyboard.press('Escape')
    await page.getByLabel('Server', { exact: true }).selectOption('All servers')
    await expect(lines(page)).toHaveText([/slow/, /broken/])
    gateway.log('memory', 'also plain')
    gateway.log('memory', 'INFO ready')
    await expect(lines(page)).toHaveCount(3)
    await expect(page).toHaveURL(/level=error%2Cwarn%2Cinfo%2Cdebug/)
  })

  test('are searched by text and expression, line by line', async ({ page, gateway, open }) => {
    quiet(gateway)
    for (let i = 1; i <= 300; i++)
      gateway.log('postgres', i % 100 === 0 ? `Query ${i}` : `line ${i}`)
    await open('/logs')
    await expect(page.getByText('Query 300')).toBeInViewport()
    await page.keyboard.press('/')
    await page.keyboard.type('query')
    const search = page.getByRole('search')
    await expect(search).toContainText('3 matches')
    await page.keyboard.press('Enter')
    await expect(search).toContainText('3 of 3')
    await page.keyboard.press('Enter')
    await expect(search).toContainText('1 of 3')
    const found = list(page).getByRole('option', { selected: true })
    await expect(found).toContainText('Query 100')
    await expect(found).toBeInViewport()
    await expect(found.locator('mark')).toHaveText('Query')
    await page.keyboard.press('Shift+Enter')
    await expect(found).toContainText('Query 300')
    await page.getByRole('button', { name: 'Match case' }).click()
    await expect(search).toContainText('0 matches')
    await page.getByRole('button', { name: 'Regular expression' }).click()
    await page.getByRole('searchbox').fill('^Query [12]')
    await page.getByRole('button', { name: 'Show matching lines only' }).click()
    await expect(lines(page)).toHaveText([/Query 100/, /Query 200/])
    await page.getByRole('searchbox').fill('(')
    await expect(search).toContainText('Not a regular expression')
    await page.getByRole('searchbox').fill('nothing of the kind')
    await page.getByRole('button', { name: 'Show all lines' }).click()
    await expect(lines(page).last()).toContainText('Query 300')
  })

  test('follow the newest until somebody scrolls up, and stay where they are read', async ({
    page,
    gateway,
    open,
  }) => {
    await open('/logs')
    await expect(lines(page).last()).toBeInViewport()
    gateway.log('postgres', 'the newest')
    await expect(page.getByText('the newest')).toBeInViewport()
    await list(page).hover()
    await page.mouse.wheel(0, -1500)
    const back = page.getByRole('button', { name: 'Latest' })
    await expect(back).toBeVisible()
    const read = lines(page).nth(20)
    const text = await read.textContent()
    const before = await page.getByText(text ?? '').boundingBox()
    for (let i = 0; i < 30; i++) gateway.log('postgres', `further ${i}`)
    await expect(page.getByRole('button', { name: '30 new lines' })).toBeVisible()
    expect(await page.getByText(text ?? '').boundingBox()).toEqual(before)
    await page.getByRole('button', { name: '30 new lines' }).click()
    await expect(page.getByText('further 29')).toBeInViewport()
    await expect(page.getByRole('button', { name: /new lines|Latest/ })).toBeHidden()
    gateway.log('postgres', 'followed again')
    await expect(page.getByText('followed again')).toBeInViewport()
  })

  test('pause: new lines are counted and come afterwards', async ({ page, gateway, open }) => {
    await open('/logs')
    await list(page).focus()
    await page.keyboard.press(' ')
    for (let i = 0; i < 120; i++) gateway.log('postgres', `while paused ${i}`)
    await expect(page.getByText('120 new lines')).toBeVisible()
    await expect(page.getByText('while paused')).toHaveCount(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect(page.getByText('while paused 119')).toBeInViewport()
    await expect(page.getByText('120 new lines')).toBeHidden()
  })

  test('are copied, exported and cleared', async ({ page, gateway, open, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    quiet(gateway)
    for (const text of ['one', 'two', 'three']) gateway.log('postgres', text)
    await open('/logs')
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await lines(page).first().click()
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Control+c')
    await expect(page.getByText('2 lines copied', { exact: true })).toBeVisible()
    expect(await copied()).toMatch(/^\S+Z postgres stderr: one\n\S+Z postgres stderr: two$/)
    await page.getByRole('button', { name: 'Copy lines' }).click()
    await page.getByRole('menuitem', { name: 'Copy all 3 lines' }).click()
    await expect.poll(copied).toMatch(/: three$/)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export to a file' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^servers-\d{4}-\d\d-\d\d-\d{6}\.log$/)
    expect(await readFile(await download.path(), 'utf8')).toMatch(/: one\n.*: two\n.*: three\n$/)
    await page.getByRole('button', { name: 'Clear this view' }).click()
    await expect(page.getByText('No lines yet.')).toBeVisible()
    gateway.log('postgres', 'four')
    await expect(lines(page)).toHaveText([/four/])
  })

  test('wrap long lines on demand, all or one', async ({ page, gateway, open }) => {
    quiet(gateway)
    gateway.log('postgres', `${'a long line '.repeat(100)}and its end`)
    gateway.log('postgres', 'short')
    await open('/logs')
    const long = lines(page).first()
    const height = async () => (await long.boundingBox())?.height ?? 0
    expect(await height()).toBe(22)
    await long.click()
    await page.keyboard.press('Enter')
    await expect(long).toContainText('and its end')
    await expect.poll(height).toBeGreaterThan(60)
    const below = async () => (await lines(page).nth(1).boundingBox())?.y ?? 0
    const bottom = async () => ((await long.boundingBox())?.y ?? 0) + (await height())
    expect(await below()).toBe(await bottom())
    await page.keyboard.press('Enter')
    await expect.poll(height).toBe(22)
    expect(await below()).toBe(await bottom())
    await page.getByRole('button', { name: 'Wrap long lines' }).click()
    await expect.poll(height).toBeGreaterThan(60)
  })

  test('say what is wrong and how to go on', async ({ page, gateway, open, expectedErrors }) => {
    expectedErrors.push(failedRequest)
    gateway.failures.set('servers.list', new GatewayError('internal', 'The disk is full.'))
    await open('/logs')
    await expect(page.getByText('The logs could not be read.')).toBeVisible()
    await expect(page.getByText('The disk is full.')).toBeVisible()
    await expectAccessible(page)
    gateway.failures.clear()
    gateway.failures.set('server.logs', new GatewayError('internal', 'No access.'))
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(page.getByText('The earlier lines of 9 servers could not be read.')).toBeVisible()
    gateway.failures.clear()
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(lines(page).first()).toBeVisible()
    await expect(page.getByText('could not be read')).toBeHidden()
  })

  test('catch up with what was written while the gateway was out of reach', async ({
    page,
    gateway,
    server,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(/net::ERR_/)
    quiet(gateway)
    gateway.log('postgres', 'before')
    await open('/logs')
    await expect(lines(page)).toHaveCount(1)
    server.down()
    await expect(page.getByText('The gateway does not answer.').first()).toBeVisible()
    gateway.log('postgres', 'meanwhile')
    server.up()
    await expect(lines(page)).toHaveText([/before/, /meanwhile/])
  })

  test('show a skeleton while they load', async ({ page, gateway, open }) => {
    gateway.delayMs.set('server.logs', Infinity)
    await open('/logs')
    await expect(page.getByRole('main').getByRole('status', { name: 'Loading' })).toBeVisible()
    await expectAccessible(page)
  })

  test('are accessible', async ({ page, open }) => {
    await open('/logs')
    await expect(lines(page).first()).toBeVisible()
    await page.getByRole('searchbox').fill('query')
    await page.keyboard.press('Enter')
    await expectAccessible(page)
  })
})
