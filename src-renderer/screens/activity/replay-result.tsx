import { useMemo } from 'react'
import { messageOf } from '../../api-error.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useNow } from '../../components/quantity.tsx'
import { TextDiff } from '../../components/text-diff.tsx'
import { durationInWords } from '../../words.ts'
import { prettyLines, readJson } from './kept-json.ts'
import { KeptText } from './kept-text.tsx'
import type { ReplayState } from './use-replay.ts'

interface ReplayResultProps {
  state: ReplayState
  onCancel: () => void
  /** The answer that was kept, and how long it took. */
  original: { text: string | null; durationMs: number }
  isRaw: boolean
}

/** The answer, and once the request was sent again the new one beside it, with what is different. */
export function ReplayResult({ state, onCancel, original, isRaw }: ReplayResultProps) {
  const kept = (
    <KeptText
      title={state.kind === 'answered' ? 'Original answer' : 'Answer'}
      text={original.text}
      isRaw={isRaw}
      aside={state.kind === 'answered' ? durationInWords(original.durationMs) : undefined}
    />
  )
  if (state.kind !== 'answered')
    return (
      <>
        {state.kind === 'running' && (
          <Running startedAt={state.startedAt} progress={state.progress} onCancel={onCancel} />
        )}
        {state.kind === 'failed' && (
          <Banner kind="bad" className="rounded">
            The replay got no answer. {messageOf(state.error)}
          </Banner>
        )}
        {kept}
      </>
    )
  const text = JSON.stringify(state.response)
  return (
    <>
      {original.text !== null && <Difference before={original.text} after={text} />}
      <div className="grid gap-4 @4xl:grid-cols-2">
        {kept}
        <KeptText
          title="Replayed answer"
          text={text}
          isRaw={isRaw}
          aside={durationInWords(state.durationMs)}
        />
      </div>
    </>
  )
}

/** Ids of two calls differ always, and say nothing. */
function comparable(text: string): string {
  const { value, isJson } = readJson(text)
  if (!isJson || typeof value !== 'object' || value === null) return text
  const { id: _id, jsonrpc: _version, ...answer } = value as Record<string, unknown>
  return prettyLines({ text, value: answer, isJson }).join('\n')
}

function Difference({ before, after }: { before: string; after: string }) {
  const [old, fresh] = useMemo(() => [comparable(before), comparable(after)], [before, after])
  return (
    <section aria-label="Difference" className="flex flex-col gap-1.5">
      <h3 className="font-medium">Difference</h3>
      {old === fresh ? (
        <p className="text-muted">None: the answers are the same.</p>
      ) : (
        <div className="flex max-h-80 flex-col">
          <TextDiff label="Difference of the two answers" before={old} after={fresh} />
        </div>
      )}
    </section>
  )
}

interface RunningProps {
  startedAt: number
  progress: string | undefined
  onCancel: () => void
}

function Running({ startedAt, progress, onCancel }: RunningProps) {
  const now = useNow()
  const elapsed = Math.max(0, now - startedAt)
  return (
    <div className="flex min-h-8 animate-appear items-center gap-3 [animation-delay:200ms] [animation-fill-mode:backwards]">
      <span>{progress ?? 'Waiting for the answer'}</span>
      <span className="num text-muted">{elapsed < 1000 ? '' : durationInWords(elapsed)}</span>
      <Button size="small" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  )
}
