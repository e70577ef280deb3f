import type { CdpEvents } from './cdp.ts'
import { Chromium } from './chromium.ts'
import type { ChromiumOptions } from './chromium.ts'

const { promise, resolve } = Promise.withResolvers<Chromium>()

/** The running Chromium, once there is one. */
export const engine: Promise<Chromium> = promise

/** Starts Chromium, and hears of every page that appears. */
export async function startEngine(options: ChromiumOptions): Promise<Chromium> {
  const chromium = await Chromium.start(options)
  await chromium.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: true,
    filter: [{ type: 'page' }],
  })
  resolve(chromium)
  return chromium
}

/** Calls `fn` for an event of one page's session, or with `undefined` for the browser's own. */
export function onEvent<E extends keyof CdpEvents>(
  chromium: Chromium,
  sessionId: string | undefined,
  event: E,
  fn: (params: CdpEvents[E]) => void,
): () => void {
  const listener = (params: CdpEvents[E], from: string | undefined): void => {
    if (from === sessionId) fn(params)
  }
  chromium.events.on(event, listener)
  return () => void chromium.events.off(event, listener)
}
