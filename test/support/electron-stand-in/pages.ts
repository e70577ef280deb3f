import type { Chromium } from './chromium.ts'
import { onEvent } from './engine.ts'

/** Who made a page that appears, or says whether it may. */
export interface Opener {
  targetId: string
  /** A page that `window.open` or a link has made; it waits. False: it is closed. */
  mayOpen(): boolean
}

const openers = new Set<Opener>()
const sessions = new Map<string, string>()
const wanted = new Map<string, (sessionId: string) => void>()

export function addOpener(opener: Opener): void {
  openers.add(opener)
}

export function removeOpener(opener: Opener): void {
  openers.delete(opener)
}

/** Judges every page that appears, from now on. */
export function watchPages(chromium: Chromium): void {
  onEvent(chromium, undefined, 'Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    const { openerId, targetId } = targetInfo
    const opener = [...openers].find((candidate) => candidate.targetId === openerId)
    if (openerId === undefined) {
      sessions.set(targetId, sessionId)
      wanted.get(targetId)?.(sessionId)
      return
    }
    const what = opener?.mayOpen() === true ? 'a second window' : undefined
    if (what !== undefined)
      process.stderr.write(`The stand-in for Electron cannot open ${what} for a page.\n`)
    chromium.send('Target.closeTarget', { targetId }).catch(() => {})
  })
}

/** A new page of ours, and the session to speak with it; it waits until it is let go on. */
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
