import { Copy } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { IconButton } from '../../components/button.tsx'
import { copyText } from '../../components/copy.ts'
import { JsonView } from '../../components/json-view.tsx'
import { bytesInWords } from '../../words.ts'
import { readJson } from './kept-json.ts'

interface KeptTextProps {
  title: string
  /** JSON; null: it was not kept. */
  text: string | null
  /** As it was kept, instead of as a tree. */
  isRaw: boolean
  aside?: ReactNode
}

/** One side of a request: as a tree that opens and closes, or as the text that was kept. */
export function KeptText({ title, text, isRaw, aside }: KeptTextProps) {
  const json = useMemo(() => (text === null ? undefined : readJson(text)), [text])
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-1.5">
      <header className="flex min-h-6 items-center gap-2">
        <h3 className="font-medium">{title}</h3>
        <span className="num text-muted">
          {aside}
          {aside !== undefined && text !== null && ', '}
          {text !== null && bytesInWords(new Blob([text]).size)}
        </span>
        {text !== null && (
          <IconButton
            icon={Copy}
            label={`Copy ${title.toLowerCase()}`}
            size="small"
            className="ml-auto"
            onClick={() => copyText(text, title)}
          />
        )}
      </header>
      {json === undefined ? (
        <p className="rounded border border-line bg-code px-3 py-2 text-muted">
          Not kept: it was too large, or never came.
        </p>
      ) : isRaw || !json.isJson ? (
        <RawText text={json.text} label={title} />
      ) : (
        <JsonView value={json.value} label={title} openLevels={4} />
      )}
    </section>
  )
}

/** Laid out at once it would stop the window; the rest is in what is copied. */
const shownRaw = 100_000

function RawText({ text, label }: { text: string; label: string }) {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className="max-h-[420px] overflow-auto rounded border border-line bg-code px-3 py-2 font-mono text-sm leading-[18px] wrap-anywhere whitespace-pre-wrap"
    >
      {text.slice(0, shownRaw)}
      {text.length > shownRaw && (
        <span className="text-muted">
          {'\n'}… {bytesInWords(text.length - shownRaw)} more; copy it to see all
        </span>
      )}
    </pre>
  )
}
