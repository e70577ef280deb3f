import { useEffect, useState } from 'react'
import type { CatalogEntry } from '../../../src-shared/api.ts'
import type { TextEditor } from '../../editor/text-editor.ts'
import type { CatalogSnapshot } from './catalog-document.ts'

/** The first is chosen at once where list and form stand beside each other. */
const hasRoom = window.matchMedia('(min-width: 1200px), (min-width: 680px) and (max-width: 959px)')

/**
 * Which server the form shows. Choosing one scrolls the text to it; the cursor in the text chooses the one that it
 * stands in, as soon as the text has been checked.
 */
export function useChosenServer(now: CatalogSnapshot, editor: TextEditor | undefined) {
  const [chosen, setChosen] = useState<number | undefined>(hasRoom.matches ? 0 : undefined)
  const [cursorLine, setCursorLine] = useState<number>()
  const [wanted, setWanted] = useState<number>()
  const { entries, fresh, readable } = now

  useEffect(() => {
    if (cursorLine === undefined || !fresh || !readable) return
    const index = indexAt(entries, cursorLine)
    if (index !== undefined) setChosen(index)
  }, [cursorLine, entries, fresh, readable])

  // One that was just added is in the list only after this render.
  useEffect(() => {
    const server = wanted === undefined ? undefined : entries[wanted]
    if (server === undefined || editor === undefined) return
    setWanted(undefined)
    editor.goTo(server.from_line, 1, { focus: false })
  }, [wanted, entries, editor])

  const server = chosen === undefined ? undefined : entries[chosen]
  return {
    chosen: server === undefined ? undefined : chosen,
    /** Its lines, as `3-9`; empty for none. */
    lines: server === undefined || !fresh ? '' : `${server.from_line}-${server.to_line}`,
    choose: (index: number | undefined): void => {
      setCursorLine(undefined)
      setChosen(index)
      setWanted(index)
    },
    followLine: (line: number): void => setCursorLine(line),
  }
}

/** The server in whose lines a line is, or after which it comes. */
function indexAt(entries: readonly CatalogEntry[], line: number): number | undefined {
  const index = entries.findLastIndex(({ from_line }) => from_line <= line)
  return index === -1 ? undefined : index
}
