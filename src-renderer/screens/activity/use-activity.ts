import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { useGateway } from '../../queries.ts'
import type { ActivityFilter } from './activity-entries.ts'
import { ActivityFeed } from './activity-feed.ts'

/** The feed of one filter, followed while it is shown. */
export function useActivity(filter: ActivityFilter): ActivityFeed {
  const gateway = useGateway()
  const feed = useMemo(() => new ActivityFeed(gateway, filter), [gateway, filter])
  useEffect(() => {
    feed.start()
    return () => feed.stop()
  }, [feed])
  useSyncExternalStore(feed.subscribe, () => feed.state)
  return feed
}
