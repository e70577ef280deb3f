import { useEffect, useState } from 'react'
import type { ActivityEntry, GatewayApi } from '../../../src-shared/api.ts'
import { useGateway } from '../../queries.ts'
import { chartMinutes, type RatePoint, RequestRate } from './request-rate.ts'

const pageSize = 500
/** A gateway that is busier than that shows its last minutes. */
const mostPages = 6
const drawEveryMs = 1000

/** Points of the last fifteen minutes, of one server or of all; drawn at most once a second. */
export function useRequestRate(enabled: boolean, serverId?: string): RatePoint[] {
  const gateway = useGateway()
  const [points, setPoints] = useState<RatePoint[]>([])
  useEffect(() => {
    if (!enabled) return
    const rate = new RequestRate()
    const draw = () => setPoints(rate.points(Date.now()))
    let timer: ReturnType<typeof setTimeout> | undefined
    const drawSoon = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        draw()
      }, drawEveryMs)
    }
    const end = gateway.onEvent((event) => {
      if (event.type !== 'activity') return
      if (serverId !== undefined && event.entry.server_id !== serverId) return
      rate.add(event.entry)
      drawSoon()
    })
    // The picture moves on without requests, too.
    const clock = setInterval(draw, 15_000)
    let ended = false
    readBack(gateway, serverId, (entries) => {
      for (const entry of entries) rate.add(entry)
      if (!ended) draw()
    }).catch(() => {
      // The list says why; the picture begins with what comes.
    })
    return () => {
      ended = true
      end()
      clearInterval(clock)
      clearTimeout(timer)
    }
  }, [gateway, enabled, serverId])
  return points
}

async function readBack(
  gateway: GatewayApi,
  serverId: string | undefined,
  take: (entries: readonly ActivityEntry[]) => void,
): Promise<void> {
  const since = Date.now() - chartMinutes * 60_000
  let before: number | undefined
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await gateway.call('activity.list', {
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
      ...(serverId === undefined ? {} : { server_id: serverId }),
    })
    take(page.entries)
    const oldest = page.entries.at(-1)
    if (oldest === undefined || !page.more || Date.parse(oldest.time) < since) return
    before = oldest.id
  }
}
