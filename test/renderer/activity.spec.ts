import { expect, type Page } from '@playwright/test'
import type { ActivityDetail, ActivityEntry } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { sampleActivity } from './fake-data.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

const list = (page: Page) => page.getByRole('grid', { name: 'Requests' })
const rows = (page: Page) =>
  list(page)
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell') })
const detail = (page: Page) => page.getByRole('region', { name: 'Request', exact: true }).first()

/** A request that has just been answered: kept, and told of. */
function happen(gateway: FakeGateway, more: Partial<ActivityDetail> = {}): ActivityEntry {
  const [made] = sampleActivity(1)
  if (made === undefined) throw new Error('No sample.')
  const entry = { ...made, id: (gateway.activity[0]?.id ?? 0) + 1, ...more }
  gateway.activity = [entry, ...gateway.activity]
  gateway.emit({ type: 'activity', entry })
  return entry
}

test.describe('the activity', () => {
  test('shows the last requests, and new ones as they come', async ({ page, gateway, open }) => {
    await open('/activity')
    await expect(rows(page).first()).toHaveText(
      /Answered.*Claude Desktop\s*postgres\s*query tools\/call\s*14 ms/,
    )
    happen(gateway, { client: 'Zed', target: 'fresh', duration_ms: 62_500 })
    await expect(rows(page).first()).toHaveText(/just now\s*Zed\s*postgres\s*fresh.*1 min 2 s/)
    await expect(list(page)).toHaveAttribute('aria-rowcount', '62')
  })

  test('reads older pages as it is scrolled', async ({ page, gateway, open }) => {
    gateway.activity = sampleActivity(450)
    await open('/activity')
    await expect(rows(page).first()).toBeVisible()
    await rows(page).first().focus()
    for (const rowcount of ['201', '301', '401', '451']) {
      await page.keyboard.press('End')
      await expect(list(page)).toHaveAttribute('aria-rowcount', rowcount)
    }
    await page.keyboard.press('End')
    await expect(rows(page).last()).toBeInViewport()
    const pages = gateway.calls.filter(
      ({ name, input }) =>
        name === 'activity.list' &&
        typeof input === 'object' &&
        input !== null &&
        'before' in input,
    )
    expect(pages.length).toBe(4)
  })

  test('does not move what is read: new ones wait above', async ({ page, gateway, open }) => {
    await open('/activity')
    await expect(rows(page).first()).toBeVisible()
    await list(page).hover()
    await page.mouse.wheel(0, 700)
    const read = rows(page).nth(20)
    await expect.poll(async () => (await read.boundingBox())?.y ?? 1000).toBeLessThan(900)
    const before = await read.boundingBox()
    const text = await read.textContent()
    for (let i = 0; i < 3; i++) happen(gateway, { target: `waits ${i}` })
    const waiting = page.getByRole('button', { name: '3 new requests' })
    await expect(waiting).toBeVisible()
    expect(await read.boundingBox()).toEqual(before)
    expect(await read.textContent()).toBe(text)
    await waiting.click()
    await expect(rows(page).first()).toContainText('waits 2')
    await expect(rows(page).first()).toBeInViewport()
    await expect(waiting).toBeHidden()
  })

  test('is narrowed by server, client, outcome and text', async ({ page, gateway, open }) => {
    await open('/activity?outcome=error')
    await expect(rows(page).first()).toContainText('slack')
    await page.getByLabel('Outcome').selectOption('All outcomes')
    await page.getByLabel('Client').selectOption('Cursor')
    await page.getByLabel('Server').selectOption('Memory')
    await expect(list(page)).toHaveAttribute('aria-rowcount', '11')
    happen(gateway, { client: 'Cursor', server_id: 'postgres' })
    happen(gateway, { client: 'Cursor', server_id: 'memory', target: 'mine' })
    await expect(rows(page).first()).toContainText('mine')
    await page.keyboard.press('/')
    await page.keyboard.type('no such thing')
    await expect(page.getByText('No request matches.')).toBeVisible()
    await page.getByRole('button', { name: 'Show all requests' }).click()
    await expect(list(page)).toHaveAttribute('aria-rowcount', '63')
  })

  test('opens a request to all that was kept, by keyboard, and closes it again', async ({
    page,
    open,
    context,
  }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await open('/activity')
    await rows(page).first().focus()
    await page.keyboard.press('p')
    await expect(rows(page).nth(4)).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(detail(page)).toContainText('The server did not answer within 30 s.')
    const request = detail(page).getByRole('region', { name: 'Request', exact: true })
    await expect(request).toContainText('token: "••••"')
    await request.getByRole('button', { name: 'arguments: {2}' }).click()
    await expect(request).not.toContainText('token')
    await request.getByRole('button', { name: 'Copy request' }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(JSON.parse(copied)).toMatchObject({ method: 'tools/call' })
    await detail(page).getByRole('button', { name: 'As text' }).click()
    await expect(detail(page).getByRole('region', { name: 'Answer' }).first()).toContainText(
      '"code":-32000',
    )
    await page.keyboard.press('Escape')
    await expect(detail(page)).toBeHidden()
    await expect(page).not.toHaveURL(/entry=/)
  })

  test('covers the list with what is open in a narrow window', async ({ page, open }) => {
    await page.setViewportSize({ width: 900, height: 600 })
    await open('/activity?entry=60')
    await expect(detail(page)).toContainText('query')
    await expect(list(page)).toBeHidden()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await expect(list(page)).toBeVisible()
  })

  test('replays a request and shows what is different', async ({ page, gateway, open }) => {
    await open('/activity?entry=60')
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    const difference = page.getByRole('region', { name: 'Difference', exact: true })
    await expect(difference).toContainText('removed: "text": "1"')
    await expect(difference).toContainText('added: "structuredContent"')
    await expect(page.getByRole('region', { name: 'Original answer' }).first()).toContainText(
      '14 ms',
    )
    await expect(page.getByRole('region', { name: 'Replayed answer' }).first()).toContainText(
      'Grace',
    )
    expect(gateway.calls.some(({ name }) => name === 'activity.replay')).toBe(true)
    await expectAccessible(page)
  })

  test('says so where the answers are the same, and how far a long one is', async ({
    page,
    gateway,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(failedRequest)
    const text = 'Echo: undefined'
    const response = JSON.stringify({
      jsonrpc: '2.0',
      id: 99,
      result: { content: [{ type: 'text', text }] },
    })
    const same = happen(gateway, { target: 'slow_export', response })
    await open(`/activity?entry=${same.id}`)
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    await expect(page.getByText(/Part \d of 5 \(\d of 5\)/)).toBeVisible()
    await expect(page.getByText('None: the answers are the same.')).toBeVisible()
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    await expect(page.getByText(/Part \d of 5/)).toBeVisible()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByText('The replay got no answer. The call was cancelled.')).toBeVisible()
  })

  test('says why a request cannot be sent again, or was not kept', async ({
    page,
    gateway,
    open,
    expectedErrors,
  }) => {
    expectedErrors.push(failedRequest)
    const replay_reason = 'The request was not kept: it was too large.'
    const lost = happen(gateway, { request: null, response: null, replay_reason })
    await open(`/activity?entry=${lost.id}`)
    await expect(detail(page).getByText('Not kept: it was too large, or never came.')).toHaveCount(
      2,
    )
    await page.getByRole('button', { name: `Replay: ${replay_reason}` }).hover()
    await expect(page.getByRole('tooltip')).toHaveText(replay_reason)
    await page.goto(page.url().replace(/entry=\d+/, 'entry=99999'))
    await expect(page.getByText('This request is no longer kept.')).toBeVisible()
  })

  test('shows very large JSON, whole numbers included, without stopping the window', async ({
    page,
    gateway,
    open,
  }) => {
    const items = Array.from({ length: 5000 }, (_, index) => ({ index, name: `row ${index}` }))
    const response = JSON.stringify({ items, text: 'x'.repeat(500_000) }).replace(
      '{"items"',
      '{"exact":9007199254740993,"items"',
    )
    const big = happen(gateway, { response })
    await open(`/activity?entry=${big.id}`)
    const answer = page.getByRole('region', { name: 'Answer', exact: true }).first()
    await expect(answer).toContainText('exact: 9007199254740993')
    await expect(answer.getByRole('button', { name: '4900 more' })).toBeVisible()
    await expect(answer.getByRole('button', { name: 'Show all 500,000 characters' })).toBeVisible()
    await page.getByRole('button', { name: 'As text' }).click()
    await expect(answer).toContainText('more; copy it to see all')
  })

  test('asks before all is removed, and names it', async ({ page, gateway, open }) => {
    await open('/activity')
    await page.getByRole('button', { name: 'Clear history' }).click()
    const dialog = page.getByRole('dialog', { name: 'Clear the history of requests?' })
    await expect(dialog).toContainText('This cannot be undone')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(gateway.activity.length).toBe(60)
    await page.getByRole('button', { name: 'Clear history' }).click()
    await dialog.getByRole('button', { name: 'Clear history' }).click()
    await expect(page.getByText('No requests yet.')).toBeVisible()
    expect(gateway.activity).toEqual([])
    happen(gateway, { target: 'the first' })
    await expect(rows(page)).toHaveText([/the first/])
  })

  test('offers the switch where nothing is kept', async ({ page, gateway, open }) => {
    gateway.historyOn = false
    gateway.activity = []
    gateway.settings = { ...gateway.settings, history: false }
    await open('/activity')
    await expect(page.getByText('The history of requests is off.')).toBeVisible()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Turn on' }).click()
    await expect(
      page.getByText('Requests are kept from the gateway’s next start on.'),
    ).toBeVisible()
    expect(gateway.settings.history).toBe(true)
  })

  test('says what is wrong, and tries again', async ({ page, gateway, open, expectedErrors }) => {
    expectedErrors.push(failedRequest)
    gateway.failures.set('activity.list', new GatewayError('internal', 'The disk is full.'))
    await open('/activity')
    await expect(page.getByText('The requests could not be read.')).toBeVisible()
    gateway.failures.clear()
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(rows(page).first()).toBeVisible()
  })

  test('draws requests and latency, the same as a table, and is accessible', async ({
    page,
    open,
  }) => {
    await open('/activity')
    const strip = page.getByRole('region', { name: 'The last 15 minutes' })
    const plot = strip.getByRole('img').first()
    await expect(plot).toHaveAccessibleName(/^Requests a minute in the last 15 minutes, 2 at most$/)
    await expect(plot.locator('canvas')).toBeVisible()
    await expect(strip.getByRole('table').getByRole('row')).not.toHaveCount(1)
    await plot.hover()
    await expect(strip).toContainText(/\d\d:\d\d:\d\d, [02]/)
    await expectAccessible(page)
  })
})
