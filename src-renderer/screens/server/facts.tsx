import type { ReactNode } from 'react'

/** Names and what they are, in two columns: <Fact>s. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[120px_minmax(0,1fr)] gap-x-4 gap-y-2.5">{children}</dl>
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="py-0.5 text-muted">{name}</dt>
      <dd className="min-w-0 py-0.5">{children}</dd>
    </>
  )
}
