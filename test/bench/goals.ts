import type { Figures } from './figures.ts'

export interface Verdict {
  goal: string
  limit: string
  /** What was reached, for people. */
  reached: string
  /** undefined: not measured in this run. */
  met: boolean | undefined
  /** Promised to nobody, and told beside what is. */
  isInformation: boolean
}

/** Without a limit it is for information. */
interface Goal {
  goal: string
  most?: number
  least?: number
  unit: string
  reached: (figures: Figures, peers: readonly string[]) => number | undefined
}

const listens = 'start, ms'

function difference(
  figures: Figures,
  figure: string,
  over: string,
  under: string,
): number | undefined {
  const a = figures.value(figure, over)
  const b = figures.value(figure, under)
  return a === undefined || b === undefined ? undefined : a - b
}

/** Raw: through the SDK, its own client is what limits all of them. */
function throughputOverBestPeer(figures: Figures, peers: readonly string[]): number | undefined {
  const figure = 'raw calls/s at 16 parallel'
  const ratios = peers.flatMap((peer) => figures.ratio(figure, 'gateway', peer) ?? [])
  return ratios.length === 0 ? undefined : Math.min(...ratios)
}

function leftOver(figures: Figures): number | undefined {
  const before = figures.value('sessions: memory before, MB', 'gateway')
  const after = figures.value('sessions: memory afterwards, MB', 'gateway')
  return before === undefined || after === undefined ? undefined : (after / before - 1) * 100
}

/** Of one figure, what one target reached over what another did. */
function ratio(
  goal: string,
  bound: Pick<Goal, 'most' | 'least'>,
  [figure, over, under]: readonly [figure: string, over: string, under: string],
): Goal {
  return { goal, ...bound, unit: '×', reached: (f) => f.ratio(figure, over, under) }
}

const goals: Goal[] = [
  ratio('raw p50 / floor', { most: 1.15 }, ['raw p50, ms', 'gateway', 'floor']),
  ratio('raw p50 / floor, modern → modern', { most: 1.15 }, [
    'raw p50, ms',
    'gateway, modern → modern',
    'floor, modern',
  ]),
  ratio('raw calls/s at 16 parallel / floor', { least: 0.9 }, [
    'raw calls/s at 16 parallel',
    'gateway',
    'floor',
  ]),
  ...(['raw', 'sdk'] as const).flatMap((kind) =>
    ['docker', 'podman'].flatMap((engine): Goal[] => [
      ratio(`${kind} p50 of a server in ${engine} / as a process`, { most: 1.3 }, [
        `${kind} p50, ms`,
        `gateway, in ${engine}`,
        'gateway, of a process',
      ]),
      ratio(`${kind} p50 of HTTP in ${engine} / HTTP of a process`, { most: 1.3 }, [
        `${kind} p50, ms`,
        `gateway, HTTP in ${engine}`,
        'gateway, HTTP of a process',
      ]),
    ]),
  ),
  ratio('raw p50 without a gateway, docker run -i / direct stdio', {}, [
    'raw p50, ms',
    'docker run -i',
    'direct stdio',
  ]),
  ratio('raw p50 with the history / without', { most: 1.03 }, [
    'raw p50, ms',
    'gateway',
    'gateway, no history',
  ]),
  ratio('raw calls/s at 16 parallel with the history / without', { least: 0.95 }, [
    'raw calls/s at 16 parallel',
    'gateway',
    'gateway, no history',
  ]),
  {
    goal: 'raw calls/s at 16 parallel / best peer',
    least: 3,
    unit: '×',
    reached: throughputOverBestPeer,
  },
  ratio('listening, 100 servers / bare Node start', { most: 3.5 }, [
    listens,
    'gateway',
    'bare Node',
  ]),
  ratio('start as in the image / bare Node start', { most: 3 }, [
    'image: start, ms',
    'gateway',
    'bare Node',
  ]),
  ratio('start as in the image / bare Node start, processor time', { most: 3 }, [
    'image: start, ms of processor time',
    'gateway',
    'bare Node',
  ]),
  {
    goal: 'idle memory − bare Node',
    most: 25,
    unit: 'MB',
    reached: (f) => difference(f, 'idle memory, MB', 'gateway', 'bare Node'),
  },
  ratio('shim cold start / bare Node start', { most: 1.7 }, [
    listens,
    'gateway, shim',
    'bare Node',
  ]),
  {
    goal: 'shim memory after 3,000 calls − bare Node',
    most: 10,
    unit: 'MB',
    reached: (f) =>
      difference(f, 'shim memory after 3,000 calls, MB', 'gateway, shim', 'bare Node'),
  },
  ratio('shim p50 / direct stdio, all targets taking turns', { most: 3 }, [
    'raw p50, ms',
    'gateway, shim',
    'direct stdio',
  ]),
  ratio('shim p50 / direct stdio, these two alone', {}, [
    'one call on pipes, alone, p50, ms',
    'gateway, shim',
    'direct stdio',
  ]),
  ratio('8 MiB result / floor', { most: 0.25 }, ['8 MiB result, ms', 'gateway', 'floor']),
  {
    goal: 'sessions at once: errors',
    most: 0,
    unit: '',
    reached: (f) => f.value('sessions: errors', 'gateway'),
  },
  {
    goal: 'sessions at once: KB each',
    most: 150,
    unit: 'KB',
    reached: (f) => f.value('sessions: KB each', 'gateway'),
  },
  { goal: 'sessions gone: memory over before', most: 20, unit: '%', reached: leftOver },
  {
    goal: 'reload of 1,000 servers: longest block',
    most: 20,
    unit: 'ms',
    reached: (f) =>
      f.value('longest block of the loop, ms of processor time', 'reload of 1000 servers'),
  },
  {
    goal: 'window: scripts and styles without the editor, gzip',
    most: 350,
    unit: 'KB',
    reached: (f) =>
      f.value('window: scripts and styles, KB gzip', 'all screens without the editor'),
  },
  {
    goal: 'window: load to first screen, nothing cached',
    most: 500,
    unit: 'ms',
    reached: (f) => f.value('window: load to first screen, ms', 'nothing cached'),
  },
  ratio('one call, window open and busy / closed', { most: 1.25 }, [
    'window: one call, p50, ms',
    'window open and busy',
    'window closed',
  ]),
]

/** What is promised, against what was measured. */
export function verdicts(figures: Figures, peers: readonly string[]): Verdict[] {
  return goals.map(({ goal, most, least, unit, reached }) => {
    const value = reached(figures, peers)
    const isInformation = most === undefined && least === undefined
    const bound = most === undefined ? `≥ ${least} ${unit}` : `≤ ${most} ${unit}`
    const verdict = { goal, limit: isInformation ? '' : bound.trim(), isInformation }
    if (value === undefined || Number.isNaN(value))
      return { ...verdict, reached: '–', met: undefined }
    const met = most === undefined ? value >= (least ?? -Infinity) : value <= most
    return { ...verdict, reached: `${Number(value.toFixed(2))} ${unit}`.trim(), met }
  })
}
