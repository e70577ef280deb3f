import { copyText } from '../../components/copy.ts'
import { notify } from '../../components/toast.tsx'
import { counted } from '../../words.ts'
import { exportName, lineAsText } from './log-file.ts'
import type { LogView } from './log-view.ts'

/** The lines of a view from one number to another, as text. Without numbers: all. */
function linesOf(view: LogView, range?: readonly [from: number, to: number] | null): string[] {
  const lines: string[] = []
  const { shown } = view
  const from = range == null ? 0 : shown.indexFrom(range[0])
  for (let index = from; index < shown.length; index++) {
    if (range != null && (shown.at(index) ?? Infinity) > range[1]) break
    const entry = view.at(index)
    if (entry !== undefined) lines.push(lineAsText(entry))
  }
  return lines
}

export function copyLines(view: LogView, range?: readonly [from: number, to: number] | null): void {
  const lines = linesOf(view, range)
  if (lines.length > 0) copyText(lines.join('\n'), counted(lines.length, 'line'))
}

/** Saves all lines of a view by the browser's own download. */
export function exportLines(view: LogView): void {
  const lines = linesOf(view)
  const url = URL.createObjectURL(new Blob([lines.join('\n'), '\n'], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = exportName(new Date(), view.filter.servers)
  link.click()
  // The download has begun with the click; the text is not needed for longer than it takes to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  notify({ title: `${counted(lines.length, 'line')} exported to ${link.download}` })
}
