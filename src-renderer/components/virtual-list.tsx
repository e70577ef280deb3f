import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type ComponentProps,
  type KeyboardEvent,
  type ReactNode,
} from 'react'
import { cx } from './class-names.ts'
import { TypeAhead } from './type-ahead.ts'

interface VirtualListProps<T> {
  /** Its name for readers. */
  label: string
  items: readonly T[]
  keyOf: (item: T) => string
  /** What type-ahead compares with. */
  textOf: (item: T) => string
  /** <Cell>s. Buttons inside take `tabIndex`: only those of the row in the tab order are in it, too. */
  renderRow: (item: T, row: { tabIndex: 0 | -1 }) => ReactNode
  /** Column headings: <Cell heading>s. Scroll with the list sideways, not up. */
  header?: ReactNode
  /** The CSS grid's columns, the same for header and rows. */
  columns: string
  /** In pixels; where it depends on the item, it is known before the row is drawn. */
  rowHeight?: number | ((item: T) => number)
  selectedKey?: string | undefined
  /** Enter and click. */
  onOpen?: (item: T) => void
  /** Space. */
  onAct?: (item: T) => void
  /** Other keys with a row in focus; true if it was one of yours. */
  onRowKey?: (item: T, event: KeyboardEvent) => boolean
  /** The last rows come into sight: more may be read. */
  onNearEnd?: () => void
  /** The list has been scrolled to its top, or away from it. */
  onTop?: (isAtTop: boolean) => void
  className?: string
}

/**
 * A grid that draws only what is in sight. One row is in the tab order; arrows, Home, End, Page Up and Down and typed
 * letters move between rows, Enter opens, Space acts, and Tab goes on to the buttons inside of the row.
 */
export function VirtualList<T>({
  label,
  items,
  keyOf,
  textOf,
  renderRow,
  header,
  columns,
  rowHeight = 36,
  selectedKey,
  onOpen,
  onAct,
  onRowKey,
  onNearEnd,
  onTop,
  className,
}: VirtualListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [activeKey, setActiveKey] = useState(selectedKey)
  const [typeAhead] = useState(() => new TypeAhead())
  const wantsFocus = useRef(false)
  const found = items.findIndex((item) => keyOf(item) === (activeKey ?? selectedKey))
  const active = Math.max(0, found)

  const heightAt = (index: number): number => {
    const item = items[index]
    if (typeof rowHeight === 'number') return rowHeight
    return item === undefined ? 36 : rowHeight(item)
  }
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightAt,
    overscan: 8,
    // A frame later at most; drawing at once would cost more than it shows.
    useFlushSync: false,
    // The row in the tab order stays, wherever the list is scrolled to.
    rangeExtractor: useCallback(
      (range: Range) => {
        const shown = defaultRangeExtractor(range)
        if (items.length === 0 || shown.includes(active)) return shown
        return [...shown, active].sort((a, b) => a - b)
      },
      [active, items.length],
    ),
  })

  const last = virtualizer.getVirtualItems().at(-1)?.index ?? -1
  const isNearEnd = onNearEnd !== undefined && items.length > 0 && last >= items.length - 30
  useEffect(() => {
    if (isNearEnd) onNearEnd()
  }, [isNearEnd, items.length, onNearEnd])

  const heights = typeof rowHeight === 'number' ? '' : items.map((_, at) => heightAt(at)).join()
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, heights])

  useEffect(() => {
    if (!wantsFocus.current) return
    wantsFocus.current = false
    scroller.current?.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus()
  }, [active])

  const moveTo = (index: number) => {
    const item = items[Math.min(Math.max(index, 0), items.length - 1)]
    if (item === undefined) return
    wantsFocus.current = true
    setActiveKey(keyOf(item))
    virtualizer.scrollToIndex(items.indexOf(item))
    if (items.indexOf(item) === active) wantsFocus.current = false
  }

  const onKeyDown = (event: KeyboardEvent, item: T, index: number) => {
    if (event.target !== event.currentTarget) return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (onRowKey?.(item, event) === true) return event.preventDefault()
    const page = Math.max(
      1,
      Math.floor((scroller.current?.clientHeight ?? 0) / heightAt(index)) - 1,
    )
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: items.length - 1,
    }
    const to = moves[event.key]
    if (to !== undefined) moveTo(to)
    else if (event.key === 'Enter' && onOpen !== undefined) onOpen(item)
    else if (event.key === ' ' && !typeAhead.isTyping && onAct !== undefined) onAct(item)
    else if (event.key.length === 1 && event.key !== '?' && event.key !== '/') {
      const match = typeAhead.find(event.key, items.length, index, (at) => {
        const candidate = items[at]
        return candidate === undefined ? '' : textOf(candidate)
      })
      if (match !== undefined) moveTo(match)
    } else return
    event.preventDefault()
  }

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={items.length + (header === undefined ? 0 : 1)}
      onScroll={onTop && ((event) => onTop(event.currentTarget.scrollTop < 8))}
      className={cx('relative min-h-0 flex-1 overflow-auto', className)}
    >
      {header !== undefined && (
        <div role="rowgroup" className="sticky top-0 z-10">
          <div
            role="row"
            aria-rowindex={1}
            className="grid h-8 items-center gap-x-3 border-b border-line bg-panel px-5 text-sm text-muted"
            style={{ gridTemplateColumns: columns }}
          >
            {header}
          </div>
        </div>
      )}
      <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const item = items[row.index]
          if (item === undefined) return null
          const key = keyOf(item)
          return (
            <div
              key={key}
              role="row"
              data-row={row.index}
              aria-rowindex={row.index + (header === undefined ? 1 : 2)}
              aria-selected={selectedKey === undefined ? undefined : key === selectedKey}
              tabIndex={row.index === active ? 0 : -1}
              onFocus={() => setActiveKey(key)}
              onKeyDown={(event) => onKeyDown(event, item, row.index)}
              onClick={(event) => {
                if (!isControl(event.target)) onOpen?.(item)
              }}
              className={cx(
                'group absolute inset-x-0 top-0 grid items-center gap-x-3 border-b border-line px-5 outline-offset-[-2px]',
                key === selectedKey ? 'bg-selected' : 'hover:bg-hover',
              )}
              style={{
                gridTemplateColumns: columns,
                height: row.size,
                transform: `translateY(${row.start}px)`,
              }}
            >
              {renderRow(item, { tabIndex: row.index === active ? 0 : -1 })}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** A button inside of a row has its own meaning. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, a, input, select') !== null
}

interface CellProps extends ComponentProps<'div'> {
  /** In the header. */
  heading?: boolean
  /** Right-aligned, with tabular figures. */
  number?: boolean
}

/** One cell of a row or of the header. */
export function Cell({ heading = false, number = false, className, ...props }: CellProps) {
  return (
    <div
      role={heading ? 'columnheader' : 'gridcell'}
      className={cx('min-w-0 truncate', number && 'num text-right', className)}
      {...props}
    />
  )
}
