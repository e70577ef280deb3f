import { ArrowDown, CirclePause, CirclePlay, WrapText } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from '../../components/button.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { ToggleButton } from '../../components/toggle-button.tsx'
import { useGateway } from '../../queries.ts'
import { counted } from '../../words.ts'
import { LogList, type LogListHandle } from '../logs/log-list.tsx'
import { noSearch } from '../logs/log-query.ts'
import type { LogSelection } from '../logs/log-selection.ts'
import { selectedRange } from '../logs/log-selection.ts'
import { LogStore } from '../logs/log-store.ts'
import { copyLines } from '../logs/log-transfer.ts'
import { LogView } from '../logs/log-view.ts'
import { LogsState } from '../logs/logs-state.tsx'
import { nextFrame } from '../logs/use-log-store.ts'

/** The server's own lines as they come: followed at the end, still where they are read. */
export function LogTab({ id }: { id: string }) {
  const store = useServerLog(id)
  const [view] = useState(() => new LogView(store.buffer.ring))
  const [text, setText] = useState('')
  const [wrap, setWrap] = useState(false)
  const [isFollowing, setFollowing] = useState(true)
  const [selection, setSelection] = useState<LogSelection | null>(null)
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const list = useRef<LogListHandle>(null)
  useMemo(() => view.setSearch({ ...noSearch, text, onlyMatches: true }), [view, text])
  useMemo(() => {
    if (store.version >= 0) view.update()
  }, [view, store.version])
  const toggle = (number: number) => {
    const next = new Set(opened)
    if (!next.delete(number)) next.add(number)
    setOpened(next)
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center gap-2 border-b border-line px-5 py-2">
        <SearchField label="Filter lines" value={text} onChange={setText} className="w-56" />
        {store.isPaused && store.waiting > 0 && (
          <span className="num text-muted">{counted(store.waiting, 'new line')}</span>
        )}
        <span className="ml-auto flex items-center gap-1">
          <ToggleButton icon={WrapText} label="Wrap long lines" pressed={wrap} onChange={setWrap} />
          <Button
            icon={store.isPaused ? CirclePlay : CirclePause}
            onClick={() => store.pause(!store.isPaused)}
          >
            {store.isPaused ? 'Resume' : 'Pause'}
          </Button>
        </span>
      </div>
      <div className="relative flex min-h-0 flex-1 flex-col">
        {view.shown.length === 0 ? (
          <LogsState store={store} isNarrowed={text !== ''} onReset={() => setText('')} />
        ) : (
          <LogList
            ref={list}
            view={view}
            wrap={wrap}
            showServer={false}
            current={null}
            selection={selection}
            onSelect={setSelection}
            opened={opened}
            onToggle={toggle}
            onFollow={setFollowing}
            onPause={() => store.pause(!store.isPaused)}
            onCopy={() => copyLines(view, selectedRange(selection))}
          />
        )}
        {!isFollowing && view.shown.length > 0 && (
          <Button
            icon={ArrowDown}
            className="absolute right-5 bottom-4 animate-appear shadow-pop"
            onClick={() => list.current?.toEnd()}
          >
            Latest
          </Button>
        )}
      </div>
    </div>
  )
}

function useServerLog(id: string): LogStore {
  const gateway = useGateway()
  const [store] = useState(() => new LogStore(gateway, nextFrame, undefined, id))
  useEffect(() => {
    store.start()
    return () => store.stop()
  }, [store])
  useSyncExternalStore(store.subscribe, () => store.version)
  return store
}
