/** All that a browser without a valid link sees. */
export function LinkExpired() {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 bg-bg px-8 text-center">
      <h1 className="text-title font-semibold">This link is used up or expired</h1>
      <p className="max-w-[52ch] text-prose text-muted">
        A link to the dashboard works once, within five minutes, and signs in one browser tab. Run{' '}
        <code className="rounded-sm bg-panel px-1.5 py-0.5 font-mono text-base text-text">
          gateway open
        </code>{' '}
        for a new one.
      </p>
    </main>
  )
}
