import { CircleAlert, CircleCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { messageOf } from '../../api-error.ts'
import { Button } from '../../components/button.tsx'
import { CodeBlock } from '../../components/code-block.tsx'
import { Duration, useNow } from '../../components/quantity.tsx'
import { durationInWords } from '../../words.ts'
import { ResultView } from './result-view.tsx'
import { isRecord } from './schema-form/schema.ts'
import type { CallProgress, CallState } from './use-call.ts'
import { plainText } from './plain-text.ts'

/** What became of a request: how far it is, then its answer. */
export function CallView({ state }: { state: CallState }) {
  switch (state.kind) {
    case 'none':
      return null
    case 'running':
      return <Running startedAt={state.startedAt} progress={state.progress} />
    case 'failed':
      return (
        <Outcome ok={false} word="No answer">
          <p className="text-prose wrap-anywhere">{messageOf(state.error)}</p>
        </Outcome>
      )
    case 'answered':
      return <Answer response={state.response} durationMs={state.durationMs} />
  }
}

function Running({
  startedAt,
  progress,
}: {
  startedAt: number
  progress: CallProgress | undefined
}) {
  const now = useNow()
  const late = useLate(200)
  if (!late && progress === undefined) return null
  const total = progress?.total ?? null
  const elapsed = Math.max(0, now - startedAt)
  return (
    <div className="flex flex-col gap-1.5 border-t border-line px-5 py-4">
      <p className="flex items-baseline gap-2">
        <span>{progress?.message ?? 'Waiting for the answer'}</span>
        {progress !== undefined && (
          <span className="num text-muted">
            {total === null ? progress.progress : `${progress.progress} of ${total}`}
          </span>
        )}
        <span className="num ml-auto text-muted">
          {elapsed < 1000 ? '' : durationInWords(elapsed)}
        </span>
      </p>
      <progress
        aria-label="Progress"
        className="h-1 w-full overflow-hidden rounded-full [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
        {...(total === null ? {} : { value: progress?.progress ?? 0, max: total })}
      />
    </div>
  )
}

/** True after so many ms. */
function useLate(ms: number): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return late
}

function Answer({
  response,
  durationMs,
}: {
  response: Record<string, unknown>
  durationMs: number
}) {
  const [raw, setRaw] = useState(false)
  const { result, error } = response
  const isError = error !== undefined || (isRecord(result) && result['isError'] === true)
  const word = error !== undefined ? 'Error' : isError ? 'The tool failed' : 'Result'
  return (
    <Outcome
      ok={!isError}
      word={word}
      durationMs={durationMs}
      action={
        <Button kind="quiet" size="small" onClick={() => setRaw(!raw)}>
          {raw ? 'As content' : 'As JSON'}
        </Button>
      }
    >
      {raw ? (
        <CodeBlock label="Answer" text={JSON.stringify(response, null, 2)} />
      ) : error === undefined ? (
        <ResultView result={result} />
      ) : (
        <ErrorAnswer error={error} />
      )}
    </Outcome>
  )
}

interface OutcomeProps {
  ok: boolean
  word: string
  durationMs?: number
  action?: React.ReactNode
  children: React.ReactNode
}

function Outcome({ ok, word, durationMs, action, children }: OutcomeProps) {
  const Icon = ok ? CircleCheck : CircleAlert
  return (
    <section
      aria-label="Answer"
      className="flex animate-appear flex-col gap-3 border-t border-line px-5 py-4"
    >
      <header className="flex min-h-6 items-center gap-2">
        <Icon size={16} aria-hidden className={ok ? 'text-ok' : 'text-bad'} />
        <h4 className="font-medium">{word}</h4>
        {durationMs !== undefined && (
          <span className="text-muted">
            <Duration ms={durationMs} />
          </span>
        )}
        <span className="ml-auto">{action}</span>
      </header>
      {children}
    </section>
  )
}

/** A JSON-RPC error: its message, its number and whatever else it carries. */
function ErrorAnswer({ error }: { error: unknown }) {
  if (!isRecord(error)) return <CodeBlock label="Error" text={JSON.stringify(error, null, 2)} />
  return (
    <>
      <p className="text-prose wrap-anywhere">
        {plainText(error['message'])}{' '}
        <span className="num text-muted">({plainText(error['code'])})</span>
      </p>
      {error['data'] !== undefined && (
        <CodeBlock label="Data" text={JSON.stringify(error['data'], null, 2)} />
      )}
    </>
  )
}
