import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
} from 'react'
import { cx } from '../../components/class-names.ts'
import { LogRow } from './log-row.tsx'
import { isSelected, type LogSelection } from './log-selection.ts'
import type { LogView } from './log-view.ts'

export const rowHeight = 22

/** What the screen asks of the list. */
export interface LogListHandle {
  /** Brings a line into sight, by its number. */
  reveal: (number: number) => void
  toEnd: () => void
  /** Numbers of the first and last line in sight; null if there are none. */
  visible: () => [from: number, to: number] | null
  focus: () => void
}

interface LogListProps {
  ref: Ref<LogListHandle>
  view: LogView
  wrap: boolean
  showServer: boolean
  /** The line that the search has come to. */
  current: number | null
  selection: LogSelection | null
  onSelect: (selection: LogSelection | null) => void
  /** Lines that show all of their text though the rest does not wrap. */
  opened: ReadonlySet<number>
  onToggle: (number: number) => void
  /** The list has come to its end, or left it. */
  onFollow: (isFollowing: boolean) => void
  onPause: () => void
  onCopy: () => void
}

/** The lines, of which only those in sight are drawn. At its end it follows the newest; scrolled up, it stays. */
export function LogList(props: LogListProps) {
  const { ref, view, wrap, showServer, selection, opened, onSelect, onFollow } = props
  const scroller = useRef<HTMLDivElement>(null)
  const id = useId()
  const { shown } = view
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => shown.at(index) ?? -1,
    overscan: 8,
    // What is read stays where it is when the oldest lines go; at the end, the newest are followed.
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: rowHeight,
    paddingStart: 4,
    paddingEnd: 8,
    onChange: (instance) => onFollow(instance.isAtEnd(rowHeight)),
  })

  useLayoutEffect(() => virtualizer.measure(), [virtualizer, wrap])
  // It is not drawn before there are lines.
  useLayoutEffect(() => virtualizer.scrollToEnd(), [virtualizer])
  useClosedSizes(opened, (number) => {
    const index = shown.indexFrom(number)
    if (!wrap && shown.at(index) === number) virtualizer.resizeItem(index, rowHeight)
  })

  const reveal = (number: number, align: 'auto' | 'center') => {
    const index = shown.indexFrom(number)
    if (index < shown.length) virtualizer.scrollToIndex(index, { align })
  }
  useImperativeHandle(ref, () => ({
    reveal: (number) => reveal(number, 'center'),
    toEnd: () => virtualizer.scrollToEnd(),
    visible: () => {
      const range = virtualizer.range
      const from = range === null ? undefined : shown.at(range.startIndex)
      const to = range === null ? undefined : shown.at(range.endIndex)
      return from === undefined || to === undefined ? null : [from, to]
    },
    focus: () => scroller.current?.focus(),
  }))

  const moveTo = (index: number, extend: boolean) => {
    const number = shown.at(Math.min(Math.max(index, 0), shown.length - 1))
    if (number === undefined) return
    onSelect({ active: number, anchor: extend && selection !== null ? selection.anchor : number })
    if (index >= shown.length - 1) virtualizer.scrollToEnd()
    else reveal(number, 'auto')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (keyOfList(event, { ...props, moveTo, page: pageOf(scroller.current) }))
      event.preventDefault()
  }
  const onClick = (event: MouseEvent, number: number) => {
    // Text was marked with the mouse: that is what shall be copied.
    if (window.getSelection()?.isCollapsed === false) return onSelect(null)
    onSelect({ active: number, anchor: event.shiftKey ? (selection?.anchor ?? number) : number })
  }

  return (
    <div
      ref={scroller}
      role="listbox"
      aria-label="Log lines"
      aria-multiselectable
      tabIndex={0}
      {...(selection === null ? {} : { 'aria-activedescendant': `${id}-${selection.active}` })}
      onKeyDown={onKeyDown}
      onCopy={(event) => {
        if (window.getSelection()?.isCollapsed === false || selection === null) return
        event.preventDefault()
        props.onCopy()
      }}
      className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto overscroll-contain font-mono text-sm leading-[18px] outline-offset-[-2px] [overflow-anchor:none]"
    >
      <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const number = shown.at(index)
          const entry = view.at(index)
          if (number === undefined || entry === undefined) return null
          const isOpen = wrap || opened.has(number)
          const selected = isSelected(selection, number)
          return (
            <div
              key={number}
              ref={isOpen ? virtualizer.measureElement : undefined}
              id={`${id}-${number}`}
              data-index={index}
              role="option"
              aria-selected={selected}
              aria-setsize={shown.length}
              aria-posinset={index + 1}
              onClick={(event) => onClick(event, number)}
              onDoubleClick={() => props.onToggle(number)}
              className={cx(
                'absolute inset-x-0 top-0 flex gap-x-3 px-5 py-0.5',
                selected ? 'bg-selected' : 'hover:bg-hover',
              )}
              style={{
                transform: `translateY(${start}px)`,
                ...(isOpen ? { minHeight: rowHeight } : { height: rowHeight }),
              }}
            >
              <LogRow
                entry={entry}
                isOpen={isOpen}
                showServer={showServer}
                isCurrent={number === props.current}
                pattern={view.compiled.pattern}
              />
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** Tells of lines that were open and are not any more: they have their old height again. */
function useClosedSizes(opened: ReadonlySet<number>, onClosed: (number: number) => void): void {
  const before = useRef(opened)
  useEffect(() => {
    const closed = [...before.current].filter((number) => !opened.has(number))
    before.current = opened
    // It draws at once, which React does not do for who is called by React.
    if (closed.length > 0) queueMicrotask(() => closed.forEach(onClosed))
  })
}

function pageOf(scroller: HTMLElement | null): number {
  return Math.max(1, Math.floor((scroller?.clientHeight ?? 0) / rowHeight) - 1)
}

interface ListKeys extends LogListProps {
  moveTo: (index: number, extend: boolean) => void
  page: number
}

/** True if the key was one of the list's. */
function keyOfList(event: KeyboardEvent, keys: ListKeys): boolean {
  const { view, selection, page } = keys
  const { shown } = view
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'a') {
    const [anchor, active] = [shown.at(0), shown.at(shown.length - 1)]
    if (anchor !== undefined && active !== undefined) keys.onSelect({ anchor, active })
    return true
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  // Without a line chosen the arrows begin where the eye is.
  const here = selection === null ? shown.length : shown.indexFrom(selection.active)
  const moves: Record<string, number> = {
    ArrowDown: here + 1,
    ArrowUp: here - 1,
    PageDown: here + page,
    PageUp: here - page,
    Home: 0,
    End: shown.length - 1,
  }
  const to = moves[event.key]
  if (to !== undefined) keys.moveTo(to, event.shiftKey)
  else if (event.key === 'Enter' && selection !== null) keys.onToggle(selection.active)
  else if (event.key === ' ') keys.onPause()
  else if (event.key === 'Escape' && selection !== null) keys.onSelect(null)
  else return false
  return true
}
