import type { Chromium } from './chromium.ts'
import { onEvent } from './engine.ts'

const sessions = new Map<string, string>()
const wanted = new Map<string, (sessionId: string) => void>()

/** Frames of our own pages that were allowed to load something. */
const frames = new Set<string>()

export function allowFrame(frameId: string): void {
  frames.add(frameId)
}

/**
 * Hears of every page from now on, and closes what is none of ours. That may be too late to keep it from loading, so the
 * browser as a whole lets no document through but those of our pages.
 */
export async function watchPages(chromium: Chromium): Promise<void> {
  onEvent(chromium, undefined, 'Fetch.requestPaused', ({ requestId, frameId }) => {
    const answer = frames.has(frameId)
      ? chromium.send('Fetch.continueRequest', { requestId })
      : chromium.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
    answer.catch(() => {})
  })
  await chromium.send('Fetch.enable', {
    patterns: [{ urlPattern: '*', resourceType: 'Document' }],
  })
  onEvent(chromium, undefined, 'Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    const { openerId, targetId } = targetInfo
    if (openerId === undefined) {
      sessions.set(targetId, sessionId)
      wanted.get(targetId)?.(sessionId)
    } else chromium.send('Target.closeTarget', { targetId }).catch(() => {})
  })
}

/** A new page of ours, empty, and the session to speak with it. */
export async function createPage(
  chromium: Chromium,
  size: { width: number; height: number },
): Promise<{ targetId: string; sessionId: string }> {
  const { targetId } = await chromium.send('Target.createTarget', {
    url: 'about:blank',
    newWindow: true,
    ...size,
  })
  const sessionId = await new Promise<string>((resolve) => {
    const known = sessions.get(targetId)
    if (known !== undefined) resolve(known)
    else wanted.set(targetId, resolve)
  })
  sessions.delete(targetId)
  wanted.delete(targetId)
  return { targetId, sessionId }
}
