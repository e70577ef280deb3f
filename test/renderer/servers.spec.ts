import { expect } from '@playwright/test'
import { GatewayError } from '../../src-shared/errors.ts'
import { sampleServers } from './fake-data.ts'
import { expectAccessible, failedRequest, test } from './window.ts'

test('each server shows its state in words, its figures, and what is wrong with its remedy', async ({
  page,
  open,
}) => {
  await open()
  const postgres = page.getByRole('row', { name: /PostgreSQL/ })
  await expect(postgres).toContainText('Running')
  await expect(postgres).toContainText('1,204')
  await expect(postgres).toContainText('14 ms')
  await expect(postgres).toContainText('2 h 14 min')
  await expect(postgres).toContainText('48 MB')
  const slack = page.getByRole('row', { name: /Slack/ })
  await expect(slack).toContainText('Unhealthy, circuit open, next try in 40 s')
  await expect(slack).toContainText('Install it, or set an absolute path.')
  await expect(page.getByText('3 of 9 servers running, 1 unhealthy')).toBeVisible()
  await expectAccessible(page)
})

test('a server is started and stopped by a click, by Space, and shows it without asking again', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  const memory = page.getByRole('row').filter({ hasText: 'Memory' }).last()
  await memory.getByRole('button', { name: 'Start Memory' }).click()
  await expect(memory).toContainText('Running')
  await memory.focus()
  await page.keyboard.press('Space')
  await expect(memory).toContainText('Stopped, stopped by you')
  await page.keyboard.press('Shift+R')
  await expect(memory).toContainText('Running')
  expect(gateway.calls.filter(({ name }) => name === 'server.restart')).toHaveLength(1)
})

test('a start that fails says why and what to do', async ({ page, open, expectedErrors }) => {
  expectedErrors.push(failedRequest)
  await open()
  await page.getByRole('button', { name: 'Start Slack' }).click()
  const notice = page.getByRole('region', { name: /Notice/ })
  await expect(notice).toContainText('Slack did not start.')
  await expect(notice).toContainText('Install it, or set an absolute path.')
})

test('rows are reached by arrows, Home, End and typed letters; Enter opens', async ({
  page,
  open,
}) => {
  await open()
  const list = page.getByRole('grid', { name: 'Servers' })
  await list.getByRole('row', { name: /PostgreSQL/ }).focus()
  await page.keyboard.press('ArrowDown')
  await expect(list.getByRole('row', { name: /Files/ })).toBeFocused()
  await page.keyboard.press('End')
  await expect(list.getByRole('row', { name: /Weather/ })).toBeFocused()
  await page.keyboard.press('Home')
  await expect(list.getByRole('row', { name: /PostgreSQL/ })).toBeFocused()
  await page.keyboard.type('se')
  await expect(list.getByRole('row', { name: /Sentry/ })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#\/servers\/sentry/)
})

test('the list is filtered by text, tag and state, and the address keeps it', async ({
  page,
  open,
}) => {
  await open()
  await page.getByRole('row', { name: /PostgreSQL/ }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('issues')
  await expect(page.getByRole('searchbox')).toHaveValue('issues')
  await expect(page.getByRole('row', { name: /GitHub/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /PostgreSQL/ })).toBeHidden()
  await page.keyboard.press('Escape')
  await page.getByRole('combobox', { name: 'State' }).selectOption('Needs attention')
  await expect(page.getByRole('gridcell', { name: 'Unhealthy Slack' })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'Stopped Sentry' })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'PostgreSQL' })).toBeHidden()
  await page.getByRole('combobox', { name: 'Tag' }).selectOption('cloud')
  await expect(page.getByRole('gridcell', { name: 'Unhealthy Slack' })).toBeHidden()
  await page.reload()
  await expect(page.getByRole('gridcell', { name: 'Stopped Sentry' })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'Unhealthy Slack' })).toBeHidden()
})

test('no servers, no answer and an error each have a screen of their own', async ({
  page,
  gateway,
  open,
  expectedErrors,
}) => {
  expectedErrors.push(failedRequest)
  gateway.delayMs.set('servers.list', Infinity)
  await open()
  await expect(page.getByRole('status', { name: 'Loading' })).toBeVisible()
  gateway.delayMs.clear()
  gateway.failures.set(
    'servers.list',
    new GatewayError('internal', 'The catalog is being swapped. Try again.'),
  )
  await page.reload()
  await expect(page.getByText('The catalog is being swapped. Try again.')).toBeVisible()
  await expectAccessible(page)
  gateway.failures.clear()
  gateway.servers = []
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByText('No servers yet.')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Add server' }).last().click()
  await expect(page).toHaveURL(/#\/catalog\?add=/)
})

test('paused servers are said so, and resumed', async ({ page, gateway, open }) => {
  await open()
  await page.getByRole('button', { name: 'Pause all' }).click()
  await expect(page.getByText('Paused: every server is stopped')).toBeVisible()
  await expect(page.getByRole('row', { name: /PostgreSQL/ })).toContainText('Stopped, paused')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Resume' }).first().click()
  await expect(page.getByText('Paused: every server is stopped')).toBeHidden()
  expect(gateway.info.paused).toBe(false)
})

test('a catalog that cannot be used is said where the servers are', async ({
  page,
  gateway,
  open,
}) => {
  await open()
  await page.getByRole('row', { name: /PostgreSQL/ }).waitFor()
  gateway.info = {
    ...gateway.info,
    last_reload: {
      time: new Date().toISOString(),
      ok: false,
      errors: ['catalog.yaml:7:5: Duplicate server ID: postgres'],
    },
  }
  gateway.emit({ type: 'reload', ok: false, errors: gateway.info.last_reload.errors, result: null })
  await expect(page.getByText('catalog.yaml:7:5: Duplicate server ID: postgres')).toBeVisible()
})

test('a thousand servers: few rows are drawn, and scrolling and events keep up', async ({
  page,
  gateway,
  open,
}) => {
  gateway.servers = sampleServers(1000)
  await open()
  const list = page.getByRole('grid', { name: 'Servers' })
  await expect(list).toHaveAttribute('aria-rowcount', '1001')
  expect(await list.getByRole('row').count()).toBeLessThan(70)
  const events = setInterval(() => {
    for (let n = 0; n < 20; n += 1) {
      const row = gateway.servers[(n * 47) % 1000]
      if (row !== undefined) gateway.set(row.id, { request_count: row.request_count + 1 })
    }
  }, 50)
  const cpu = await page.context().newCDPSession(page)
  // Time of the window's own thread: a machine that is busy with other things does not count.
  await cpu.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spentMs = async () => {
    const { metrics } = await cpu.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
  }
  const before = await spentMs()
  const intervals = await list.evaluate(async (scroller) => {
    const times: number[] = []
    let last = performance.now()
    for (let frame = 0; frame < 120; frame += 1) {
      scroller.scrollTop += 120
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const now = performance.now()
      times.push(now - last)
      last = now
    }
    return times.sort((a, b) => a - b)
  })
  const perFrame = ((await spentMs()) - before) / 120
  clearInterval(events)
  const at = (part: number) => `${(intervals[Math.floor(part * 120)] ?? 0).toFixed(1)} ms`
  const frames = `${perFrame.toFixed(1)} ms of CPU, median interval ${at(0.5)}, 95 % ${at(0.95)}`
  test.info().annotations.push({ type: 'frames', description: frames })
  console.log(`a thousand servers, per frame: ${frames}`)
  // Sixty frames a second leave 16.7 ms for each.
  expect(perFrame).toBeLessThan(14)
  await list.getByRole('row').nth(5).focus()
  await page.keyboard.press('End')
  await expect(list.getByRole('row', { name: /Server 0990/ })).toBeFocused()
})
