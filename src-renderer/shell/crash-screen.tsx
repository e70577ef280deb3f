import { ErrorState } from '../components/states.tsx'

/** A screen that failed to draw; the others still work. */
export function CrashScreen({ error }: { error: unknown }) {
  return (
    <div className="flex h-full flex-col bg-panel">
      <ErrorState
        title="This screen could not be shown."
        error={error}
        onRetry={() => location.reload()}
      />
    </div>
  )
}
