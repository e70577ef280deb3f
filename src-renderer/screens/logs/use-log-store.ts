import { useEffect, useSyncExternalStore } from 'react'
import type { GatewayApi } from '../../../src-shared/api.ts'
import { useGateway } from '../../queries.ts'
import { LogStore, type Schedule } from './log-store.ts'

/** A window that nobody sees draws no frames. */
const hiddenMs = 250

export const nextFrame: Schedule = (fn) => {
  if (document.hidden) {
    const timer = setTimeout(fn, hiddenMs)
    return () => clearTimeout(timer)
  }
  const frame = requestAnimationFrame(fn)
  return () => cancelAnimationFrame(frame)
}

const stores = new WeakMap<GatewayApi, LogStore>()

/** One for the whole window: leaving the screen loses no line, and what was cleared stays so. */
function storeOf(gateway: GatewayApi): LogStore {
  let store = stores.get(gateway)
  if (store === undefined) stores.set(gateway, (store = new LogStore(gateway, nextFrame)))
  return store
}

/** The log of all servers; the component is drawn again when lines come, at most once a frame. */
export function useLogStore(): LogStore {
  const store = storeOf(useGateway())
  useEffect(() => store.start(), [store])
  useSyncExternalStore(store.subscribe, () => store.version)
  return store
}
