import { lazy, Suspense, useState, type ReactNode } from 'react'
import { cx } from '../../components/class-names.ts'
import { clockTime, count, durationInWords } from '../../words.ts'
import type { RatePoint } from './request-rate.ts'
import { useRequestRate } from './use-request-rate.ts'

const RatePlot = lazy(async () => ({ default: (await import('./rate-plot.tsx')).RatePlot }))

interface RateStripProps {
  /** Of this server alone. */
  serverId?: string
  className?: string
}

/** How many requests, and how long they took, in the last fifteen minutes: two pictures, and a table for readers. */
export function RateStrip({ serverId, className }: RateStripProps) {
  const points = useRequestRate(true, serverId)
  const [hovered, setHovered] = useState<number | null>(null)
  const point = hovered === null ? undefined : points[hovered]
  const most = Math.max(0, ...points.map(({ perMinute }) => perMinute))
  return (
    <section
      aria-label="The last 15 minutes"
      className={cx('grid shrink-0 grid-cols-2 gap-x-6', className)}
    >
      <Plot title="Requests a minute" value={point && `${at(point)}, ${count(point.perMinute)}`}>
        <RatePlot
          kind="rate"
          points={points}
          label={`Requests a minute in the last 15 minutes, ${count(most)} at most`}
          onPoint={setHovered}
        />
      </Plot>
      <Plot
        title={
          <>
            Latency: <span className="text-accent">median</span>,{' '}
            <span className="text-warn">95 % under (dashed)</span>
          </>
        }
        value={point && `${at(point)}, ${ms(point.p50)}, ${ms(point.p95)}`}
      >
        <RatePlot
          kind="latency"
          points={points}
          label="Latency in the last 15 minutes, median and 95th percentile"
          onPoint={setHovered}
        />
      </Plot>
      <RateTable points={points} />
    </section>
  )
}

function Plot({
  title,
  value,
  children,
}: {
  title: ReactNode
  value: string | undefined
  children: ReactNode
}) {
  return (
    <div className="min-w-0">
      <p className="num flex h-5 items-center justify-between gap-3 text-xs text-muted">
        <span className="truncate">{title}</span>
        <span className="text-text">{value}</span>
      </p>
      <div className="h-[92px]">
        <Suspense>{children}</Suspense>
      </div>
    </div>
  )
}

function at({ time }: RatePoint): string {
  return clockTime(time).slice(0, 8)
}

function ms(value: number | null): string {
  return value === null ? '–' : durationInWords(value)
}

/** The same for who cannot see a picture: the half minutes that had requests. */
function RateTable({ points }: { points: readonly RatePoint[] }) {
  return (
    <table className="sr-only">
      <caption>Requests and latency in the last 15 minutes, by half minutes</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Requests a minute</th>
          <th scope="col">Median</th>
          <th scope="col">95th percentile</th>
        </tr>
      </thead>
      <tbody>
        {points
          .filter(({ perMinute }) => perMinute > 0)
          .map((point) => (
            <tr key={point.time}>
              <th scope="row">{at(point)}</th>
              <td>{count(point.perMinute)}</td>
              <td>{ms(point.p50)}</td>
              <td>{ms(point.p95)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  )
}
