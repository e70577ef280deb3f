import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from '@playwright/test'
import { findChromium } from '../../scripts/test-tools.mjs'
import { type Bench, echoArguments, rotated, within } from './bench-context.ts'
import { processorMs } from './children.ts'
import { exchange } from './client.ts'
import { median } from './figures.ts'
import { built, catalogText, type Gateway, gatewayTargets, startGateway } from './gateway-target.ts'

const limitMs = 60_000
const isOpen = 'window open and busy'
const isClosed = 'window closed'

/** What the window loads, how soon its first screen can be used, and what it costs the calls that go on meanwhile. */
export async function measureWindow(bench: Bench): Promise<void> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium on this machine.')
  const gateway = await startGateway(bench, { catalog: catalogText(98) })
  const browser = await chromium.launch({ executablePath })
  try {
    await measureSize(bench, gateway, browser)
    await measureFirstScreen(bench, gateway, browser)
    await measureBusy(bench, gateway, browser)
  } finally {
    await browser.close()
    await gateway.stop()
  }
}

/** A page that is signed in by a new link, in a context without a cache. */
async function openWindow(gateway: Gateway, browser: Browser, screen = ''): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.goto(await linkOf(gateway))
  await firstRow(page)
  if (screen !== '') await page.goto(`${gateway.url.href}ui/#${screen}`)
  return page
}

async function firstRow(page: Page): Promise<void> {
  await page.getByRole('grid').getByRole('gridcell').first().waitFor({ timeout: limitMs })
}

async function linkOf({ url, headers }: Gateway): Promise<string> {
  const reply = await exchange(new URL('/api/dashboard.link', url), {
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{}',
  })
  const body: unknown = JSON.parse(reply.body.toString())
  const ok = typeof body === 'object' && body !== null && 'ok' in body ? body.ok : undefined
  if (typeof ok === 'object' && ok !== null && 'url' in ok && typeof ok.url === 'string')
    return ok.url
  throw new Error(`No link to the dashboard: ${reply.body.toString('utf8', 0, 300)}`)
}

/** Each with what shows that it is there. Of the catalog's screen the form comes with the editor. */
const screens = [
  ['/activity', 'canvas'],
  ['/logs', '[role=listbox]'],
  ['/settings', 'text=Idle timeout'],
  ['/servers/everything', '[role=tab]'],
  ['/servers/everything?tab=tools&item=echo', 'text=Call'],
] as const

/** Scripts and styles, gzip, that a browser really asks for: for the first screen, then for all but the editor's. */
async function measureSize(bench: Bench, gateway: Gateway, browser: Browser): Promise<void> {
  const ui = path.join(path.dirname(built(bench, 'gateway-http.cjs')), 'ui')
  const loaded = new Set<string>()
  const page = await browser.newPage()
  page.on('request', (request) => {
    if (['script', 'stylesheet'].includes(request.resourceType()))
      loaded.add(new URL(request.url()).pathname.replace(/^\/ui\//, ''))
  })
  const sizeKb = () => {
    const sizes = [...loaded].map((name) => gzipSync(readFileSync(path.join(ui, name))).byteLength)
    return sizes.reduce((sum, size) => sum + size, 0) / 1024
  }
  const record = (target: string) =>
    bench.figures.record('window: scripts and styles, KB gzip', target, sizeKb())
  await page.goto(await linkOf(gateway))
  await firstRow(page)
  record('first screen')
  // With a request there is something to draw, and a server whose tools are known.
  const client = await gatewayTargets(bench, gateway, 'everything', 'echo')[0]?.open()
  await client?.callTool('echo', echoArguments)
  await client?.close()
  for (const [screen, sign] of screens) {
    await page.goto(`${gateway.url.href}ui/#${screen}`)
    await page.locator(sign).first().waitFor({ timeout: limitMs })
  }
  record('all screens without the editor')
  await page.close()
}

/** From the navigation to a list of 101 servers that is drawn and answers: with nothing cached, and once more. */
async function measureFirstScreen(bench: Bench, gateway: Gateway, browser: Browser): Promise<void> {
  for (let round = 0; round < bench.options.rounds; round++) {
    bench.say(`window: first screen, round ${round + 1} of ${bench.options.rounds}`)
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    await page.addInitScript(markFirstRow)
    await page.goto(await linkOf(gateway))
    const record = async (target: string) =>
      bench.figures.record('window: load to first screen, ms', target, await firstRowMs(page))
    await record('nothing cached')
    await page.reload()
    await record('again')
    await context.close()
  }
}

/** In the page: notes when the first row has been drawn, counted from the navigation. */
function markFirstRow(): void {
  const look = () => {
    if (document.querySelector('[role=gridcell]') === null) return requestAnimationFrame(look)
    return requestAnimationFrame(() => performance.mark('first-row'))
  }
  requestAnimationFrame(look)
}

async function firstRowMs(page: Page): Promise<number> {
  await page.waitForFunction(
    () => performance.getEntriesByName('first-row').length > 0,
    undefined,
    {
      timeout: limitMs,
    },
  )
  return page.evaluate(() => performance.getEntriesByName('first-row')[0]?.startTime ?? NaN)
}

/**
 * Calls one after the other, with no window and with one that shows each of them as it comes, in turns. Beside the
 * time: what the gateway's process itself works for a call, for the browser takes its part of the processors.
 */
async function measureBusy(bench: Bench, gateway: Gateway, browser: Browser): Promise<void> {
  const [target] = gatewayTargets(bench, gateway, 'everything', 'echo')
  if (target === undefined) throw new Error('The gateway has no routes.')
  const { figures, options } = bench
  const client = await target.open()
  const block = async (count: number) => {
    const times: number[] = []
    const before = processorMs(gateway.pid)
    for (let n = 0; n < count; n++) {
      const since = performance.now()
      await client.callTool(target.tool, echoArguments)
      times.push(performance.now() - since)
    }
    return { p50: median(times), workUs: ((processorMs(gateway.pid) - before) * 1000) / count }
  }
  const measure = async (name: string) => {
    const { p50, workUs } = await within(limitMs, name, block(options.calls))
    figures.record('window: one call, p50, ms', name, p50)
    figures.record('window: processor of the gateway, µs a call', name, workUs)
  }
  await within(limitMs, 'Warming up', block(1_000))
  const states = [
    { name: isClosed, run: () => measure(isClosed) },
    {
      name: isOpen,
      run: async () => {
        const page = await openWindow(gateway, browser, '/activity')
        await firstRow(page)
        await within(limitMs, 'Warming up', block(100))
        await measure(isOpen)
        await page.context().close()
      },
    },
  ]
  for (let round = 0; round < options.rounds; round++) {
    bench.say(`window: calls, round ${round + 1} of ${options.rounds}`)
    for (const state of rotated(states, round)) await state.run()
  }
  await client.close()
}
