/** A run of lines: in both, or in one of the two alone. */
export interface DiffRun {
  kind: 'same' | 'removed' | 'added'
  lines: readonly string[]
}

/** Above so many edits the rest counts as replaced: two answers that share nothing need no finest script. */
const mostEdits = 1500

/** The shortest way from one text to another, line by line (Myers 1986). */
export function diffLines(before: readonly string[], after: readonly string[]): DiffRun[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++
  const runs = new Runs()
  runs.add('same', before.slice(0, head))
  between(before.slice(head, before.length - tail), after.slice(head, after.length - tail), runs)
  runs.add('same', before.slice(before.length - tail))
  return runs.list
}

class Runs {
  readonly list: { kind: DiffRun['kind']; lines: string[] }[] = []

  add(kind: DiffRun['kind'], lines: readonly string[]): void {
    const last = this.list.at(-1)
    if (lines.length === 0) return
    if (last?.kind === kind) for (const line of lines) last.lines.push(line)
    else this.list.push({ kind, lines: [...lines] })
  }
}

function between(a: readonly string[], b: readonly string[], runs: Runs): void {
  const trace = a.length > 0 && b.length > 0 ? editTrace(a, b) : undefined
  if (trace === undefined) {
    runs.add('removed', a)
    runs.add('added', b)
    return
  }
  for (const { kind, line } of walkBack(a, b, trace)) runs.add(kind, [line])
}

/** For each number of edits, how far each diagonal got; undefined if there are too many. */
function editTrace(a: readonly string[], b: readonly string[]): Int32Array[] | undefined {
  const most = Math.min(a.length + b.length, mostEdits)
  const middle = most + 1
  const furthest = new Int32Array(2 * most + 3)
  const trace: Int32Array[] = []
  for (let edits = 0; edits <= most; edits++) {
    // Diagonals -edits-1 … edits+1 alone can have changed.
    trace.push(furthest.slice(middle - edits - 1, middle + edits + 2))
    for (let k = -edits; k <= edits; k += 2) {
      const left = furthest[middle + k - 1] ?? 0
      const above = furthest[middle + k + 1] ?? 0
      let x = k === -edits || (k !== edits && left < above) ? above : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[middle + k] = x
      if (x >= a.length && x - k >= b.length) return trace
    }
  }
  return undefined
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly Int32Array[],
): { kind: DiffRun['kind']; line: string }[] {
  const steps: { kind: DiffRun['kind']; line: string }[] = []
  let x = a.length
  let y = b.length
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = (k: number) => trace[edits]?.[k + edits + 1] ?? 0
    const k = x - y
    const isDown = k === -edits || (k !== edits && furthest(k - 1) < furthest(k + 1))
    const fromK = isDown ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : furthest(fromK)
    const fromY = edits === 0 ? 0 : fromX - fromK
    while (x > fromX && y > fromY) {
      x--
      y--
      steps.push({ kind: 'same', line: a[x] ?? '' })
    }
    if (edits === 0) break
    if (isDown) steps.push({ kind: 'added', line: b[--y] ?? '' })
    else steps.push({ kind: 'removed', line: a[--x] ?? '' })
  }
  return steps.reverse()
}
