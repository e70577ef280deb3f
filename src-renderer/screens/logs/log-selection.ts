/** Lines chosen with keys and clicks, by their numbers in the ring; `active` is where the arrows go on from. */
export interface LogSelection {
  readonly active: number
  /** The other end of the range. */
  readonly anchor: number
}

export function selectedRange(selection: LogSelection | null): [from: number, to: number] | null {
  if (selection === null) return null
  const { active, anchor } = selection
  return active < anchor ? [active, anchor] : [anchor, active]
}

export function isSelected(selection: LogSelection | null, number: number): boolean {
  const range = selectedRange(selection)
  return range !== null && number >= range[0] && number <= range[1]
}
