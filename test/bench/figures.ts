export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** `p` from 0 to 1, nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? NaN
}

/** What was measured: figure → target → one value a round. Units are in the figure's name. */
export class Figures {
  readonly #values = new Map<string, Map<string, number[]>>()

  record(figure: string, target: string, value: number): void {
    let targets = this.#values.get(figure)
    if (!targets) this.#values.set(figure, (targets = new Map<string, number[]>()))
    const rounds = targets.get(target)
    if (rounds) rounds.push(value)
    else targets.set(target, [value])
  }

  targets(figure: string): string[] {
    return [...(this.#values.get(figure)?.keys() ?? [])]
  }

  /** The median of the rounds; undefined if it was not measured. */
  value(figure: string, target: string): number | undefined {
    const rounds = this.#values.get(figure)?.get(target)
    return rounds && median(rounds)
  }

  /** The median of the rounds' own ratios, so that what slows a whole round slows both sides of it. */
  ratio(figure: string, target: string, base: string, baseFigure = figure): number | undefined {
    const over = this.#values.get(figure)?.get(target)
    const under = this.#values.get(baseFigure)?.get(base)
    if (!over || !under) return undefined
    if (over.length !== under.length) return median(over) / median(under)
    return median(over.map((value, round) => value / (under[round] ?? NaN)))
  }

  toJSON(): Record<string, Record<string, { median: number; rounds: number[] }>> {
    const out: Record<string, Record<string, { median: number; rounds: number[] }>> = {}
    for (const [figure, targets] of this.#values) {
      const of: Record<string, { median: number; rounds: number[] }> = {}
      for (const [target, rounds] of targets) of[target] = { median: median(rounds), rounds }
      out[figure] = of
    }
    return out
  }
}
