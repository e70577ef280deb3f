import { expect, type CDPSession, type Page } from '@playwright/test'
import type { ApiLogLine } from '../../src-shared/api-servers.ts'
import { sampleServers } from './fake-data.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { test } from './window.ts'

const perServer = 2000
const servers = 50
const burstPerSecond = 5000
const burstMs = 4000

/** A hundred thousand lines of fifty servers, each with what a real one has. */
function fill(gateway: FakeGateway): void {
  gateway.servers = sampleServers(servers)
  const began = Date.now() - perServer * servers
  for (const [index, { id }] of gateway.servers.entries())
    gateway.logs.set(
      id,
      Array.from({ length: perServer }, (_, n): ApiLogLine => {
        const level = ['INFO', 'DEBUG', 'WARN', 'ERROR'][n % 4] ?? 'INFO'
        const text = `${level} request ${n} of server ${index} took ${n % 97} ms, ${'x'.repeat(n % 60)}`
        return {
          seq: n + 1,
          time: new Date(began + n * servers + index).toISOString(),
          source: 'stderr',
          text,
        }
      }),
    )
}

interface Frames {
  /** Milliseconds between drawn frames: what a person sees, and what other work on the machine makes worse. */
  p50: number
  p95: number
  longest: number
  /** Processor time of the window's main thread for a frame, in ms: what we answer for. */
  work: number
}

/** Measures frames while `act` goes on. */
async function framesDuring(
  page: Page,
  cdp: CDPSession,
  act: () => Promise<unknown>,
): Promise<Frames> {
  await page.evaluate(() => {
    const gaps: number[] = []
    let last = performance.now()
    const tick = (now: number) => {
      gaps.push(now - last)
      last = now
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    Object.assign(window, { gaps })
  })
  const before = await metric(cdp, 'TaskDuration')
  await act()
  const workMs = ((await metric(cdp, 'TaskDuration')) - before) * 1000
  const gaps = await page.evaluate(() => {
    const all: unknown = Reflect.get(window, 'gaps')
    return Array.isArray(all) ? all.slice(1).map(Number) : []
  })
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (p: number) => Math.round(sorted[Math.floor((sorted.length - 1) * p)] ?? NaN)
  const work = Math.round((workMs / gaps.length) * 10) / 10
  return { p50: at(0.5), p95: at(0.95), longest: at(1), work }
}

async function metric(cdp: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === wanted)?.value ?? NaN
}

/** Of JavaScript, after a collection, in MB. */
async function heapMb(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  return Math.round((await metric(cdp, 'JSHeapUsedSize')) / 1e6)
}

test('100,000 log lines and 5,000 new ones a second: the window stays smooth and its memory bounded', async ({
  page,
  gateway,
  open,
}) => {
  fill(gateway)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  await open('/servers')
  const before = await heapMb(cdp)
  await page.getByRole('link', { name: 'Logs' }).click()
  const list = page.getByRole('listbox', { name: 'Log lines' })
  await expect(page.getByRole('main').locator('header')).toContainText('100,000 lines')
  const full = await heapMb(cdp)

  const scrolled = await framesDuring(page, cdp, () =>
    list.evaluate(async (element) => {
      for (let step = 0; step < 60; step++) {
        element.scrollTop = ((step * 37) % 60) * (element.scrollHeight / 60)
        await new Promise((resolve) => requestAnimationFrame(resolve))
      }
      element.scrollTop = element.scrollHeight
    }),
  )
  const began = performance.now()
  await page.getByRole('searchbox').fill('took 96 ms')
  await expect(page.getByRole('search')).toContainText('1,000 matches')
  const searchedMs = Math.round(performance.now() - began)
  await page.getByRole('searchbox').fill('')

  const streamed = await framesDuring(page, cdp, () => burst(gateway))
  await expect(page.getByText('the last of the burst')).toBeInViewport()
  const last = (burstMs * burstPerSecond) / 1000 - 1
  await expect(page.getByText(`line ${last} of the burst`)).toBeInViewport()
  const after = await heapMb(cdp)
  await expect(page.getByRole('main').locator('header')).toContainText('100,000 lines')

  const figures = { before, full, after, scrolled, streamed, searchedMs }
  test.info().annotations.push({ type: 'figures', description: JSON.stringify(figures) })
  console.log(JSON.stringify(figures))
  // A frame has 16 ms.
  expect(scrolled.work).toBeLessThan(16)
  expect(streamed.work).toBeLessThan(16)
  expect(streamed.p50).toBeLessThan(100)
  expect(full - before).toBeLessThan(120)
  expect(after - full).toBeLessThan(40)
  expect(searchedMs).toBeLessThan(2000)
})

/** As many lines as the machine's timers let through in the time, never more than that a second. */
async function burst(gateway: FakeGateway): Promise<void> {
  const began = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - began
      const due = Math.min(burstMs, elapsed) * (burstPerSecond / 1000)
      for (; sent < due; sent++) gateway.log('postgres', `INFO line ${sent} of the burst`)
      if (elapsed < burstMs) return
      clearInterval(timer)
      gateway.log('postgres', 'the last of the burst')
      resolve()
    }, 20)
  })
}
