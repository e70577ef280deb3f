import { useEffect, useRef, useState } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { durationInWords } from '../../words.ts'
import type { RatePoint } from './request-rate.ts'

const height = 92

interface RatePlotProps {
  points: readonly RatePoint[]
  kind: 'rate' | 'latency'
  /** What the picture says, for readers. */
  label: string
  /** The point under the pointer. */
  onPoint: (index: number | null) => void
}

/** A small picture of the last minutes; uplot draws it. */
export function RatePlot({ points, kind, label, onPoint }: RatePlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const tell = useRef(onPoint)
  useEffect(() => {
    tell.current = onPoint
  })
  const [width, setWidth] = useState(0)

  useEffect(() => {
    const element = host.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const ready = width > 0
  useEffect(() => {
    const element = host.current
    if (element === null || !ready) return
    const made = new UPlot(
      optionsOf(kind, element, (index) => tell.current(index)),
      [[]],
      element,
    )
    plot.current = made
    const redraw = () => made.redraw()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    const theme = new MutationObserver(redraw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      dark.removeEventListener('change', redraw)
      theme.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [kind, ready])

  useEffect(() => {
    plot.current?.setSize({ width, height })
  }, [width])
  useEffect(() => {
    plot.current?.setData(dataOf(kind, points))
  }, [kind, points, ready])

  return <div ref={host} role="img" aria-label={label} className="min-w-0" style={{ height }} />
}

function dataOf(kind: RatePlotProps['kind'], points: readonly RatePoint[]): UPlot.AlignedData {
  const times = points.map(({ time }) => time / 1000)
  return kind === 'rate'
    ? [times, points.map(({ perMinute }) => perMinute)]
    : [times, points.map(({ p50 }) => decade(p50)), points.map(({ p95 }) => decade(p95))]
}

/** Milliseconds and half minutes in one picture: the scale of latency is logarithmic, from one millisecond. */
function decade(ms: number | null): number | null {
  return ms === null ? null : Math.log10(Math.max(1, ms))
}

function optionsOf(
  kind: RatePlotProps['kind'],
  element: HTMLElement,
  onPoint: (index: number | null) => void,
): UPlot.Options {
  const ink = (token: string) => () => inkOf(element, token)
  const font = '11px "Inter Variable", system-ui, sans-serif'
  const axis = { stroke: ink('--muted'), font, ticks: { show: false } }
  const rate: UPlot.Series[] = [
    {
      stroke: ink('--accent'),
      width: 1.5,
      paths: stepped(),
      fill: ink('--selected'),
      points: { show: false },
    },
  ]
  const latency: UPlot.Series[] = [
    { stroke: ink('--accent'), width: 1.5, points: { show: true, size: 4 } },
    { stroke: ink('--warn'), width: 1.5, dash: [4, 3], points: { show: true, size: 4 } },
  ]
  return {
    width: 300,
    height,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      y: { range: (_plot, _min, max) => [0, kind === 'rate' ? niceTop(max) : topDecade(max)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 2,
        space: 70,
        grid: { show: false },
        values: (_plot, times) => times.map((time) => clock.format(time * 1000)),
      },
      {
        ...axis,
        size: 52,
        gap: 4,
        space: 26,
        grid: { stroke: ink('--line'), width: 1 },
        values: (_plot, values) =>
          values.map((value) => (kind === 'rate' ? String(value) : durationInWords(10 ** value))),
        incrs: kind === 'rate' ? wholeSteps : [1, 2, 3, 4],
      },
    ],
    series: [{}, ...(kind === 'rate' ? rate : latency)],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  }
}

function stepped(): UPlot.Series.PathBuilder {
  const { stepped: make } = UPlot.paths
  if (make === undefined) throw new Error('This uplot draws no steps.')
  return make({ align: 1 })
}

const wholeSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

/** Never flat: a picture without requests has a scale, too. */
function niceTop(max: number | null): number {
  return max === null || max < 4 ? 4 : max * 1.1
}

/** From 1 ms to 100 ms at least. */
function topDecade(max: number | null): number {
  return Math.max(2, Math.ceil((max ?? 0) + 0.1))
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** A token as the canvas knows colours: what light-dark() is now. */
function inkOf(element: HTMLElement, token: string): string {
  const before = element.style.color
  element.style.color = `var(${token})`
  const ink = getComputedStyle(element).color
  element.style.color = before
  return ink
}
