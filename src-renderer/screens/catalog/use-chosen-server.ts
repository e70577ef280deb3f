import { useEffect, useState } from 'react'
import type { CatalogEntry } from '../../../src-shared/api.ts'
import type { TextEditor } from '../../editor/text-editor.ts'
import type { CatalogSnapshot } from './catalog-document.ts'

/** The first is chosen at once where list and form stand beside each other. */
const hasRoom = window.matchMedia('(min-width: 1200px), (min-width: 680px) and (max-width: 959px)')

interface Chosen {
  index: number
  id: string | undefined
  /** Another for each choice of another server; the same while one is renamed or moved. */
  visit: number
}

/**
 * Which server the form shows. Choosing one scrolls the text to it; the cursor in the text chooses the one that it
 * stands in, as soon as the text has been checked.
 */
export function useChosenServer(now: CatalogSnapshot, editor: TextEditor | undefined) {
  const { entries, fresh, readable } = now
  const [chosen, setChosen] = useState<Chosen | undefined>(() =>
    hasRoom.matches ? { index: 0, id: entries[0]?.id, visit: 0 } : undefined,
  )
  const [cursorLine, setCursorLine] = useState<number>()
  const [wanted, setWanted] = useState<number>()

  const index = chosen === undefined ? undefined : indexOf(entries, chosen)
  const atCursor =
    cursorLine === undefined || !fresh || !readable ? undefined : indexAt(entries, cursorLine)

  useEffect(() => {
    if (atCursor !== undefined) setChosen((last) => visited(entries, atCursor, last))
  }, [atCursor, entries])

  // What comes or goes before it moves it; another ID makes it no other server.
  useEffect(() => {
    if (index === undefined) return
    setChosen((last) => last && { ...last, index, id: entries[index]?.id })
  }, [index, entries])

  // One that was just added is in the list only after this render.
  useEffect(() => {
    const server = wanted === undefined ? undefined : entries[wanted]
    if (wanted === undefined || server === undefined || editor === undefined) return
    setWanted(undefined)
    setChosen((last) => visited(entries, wanted, last))
    editor.goTo(server.from_line, 1, { focus: false })
  }, [wanted, entries, editor])

  const server = index === undefined ? undefined : entries[index]
  return {
    chosen: server === undefined ? undefined : index,
    visit: chosen?.visit ?? 0,
    /** Its lines, as `3-9`; empty for none. */
    lines: server === undefined || !fresh ? '' : `${server.from_line}-${server.to_line}`,
    choose: (next: number | undefined): void => {
      setCursorLine(undefined)
      setWanted(next)
      setChosen((last) => (next === undefined ? undefined : visited(entries, next, last)))
    },
    followLine: (line: number): void => setCursorLine(line),
  }
}

function visited(entries: readonly CatalogEntry[], index: number, last?: Chosen): Chosen {
  const id = entries[index]?.id
  const isSame = last !== undefined && (last.id === id || last.index === index)
  return { index, id, visit: isSame ? last.visit : (last?.visit ?? 0) + 1 }
}

function indexOf(entries: readonly CatalogEntry[], { index, id }: Chosen): number {
  if (entries[index]?.id === id) return index
  const moved = entries.findIndex((one) => one.id === id)
  return moved === -1 ? index : moved
}

/** The server in whose lines a line is, or after which it comes. */
function indexAt(entries: readonly CatalogEntry[], line: number): number | undefined {
  const index = entries.findLastIndex(({ from_line }) => from_line <= line)
  return index === -1 ? undefined : index
}
