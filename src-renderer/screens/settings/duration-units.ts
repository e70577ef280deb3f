export const durationUnits = ['seconds', 'minutes', 'hours'] as const
export type DurationUnit = (typeof durationUnits)[number]

const secondsOf: Readonly<Record<DurationUnit, number>> = { seconds: 1, minutes: 60, hours: 3600 }

/** A duration as a person would write it: in the largest unit that leaves no rest. */
export function splitDuration(seconds: number): { amount: number; unit: DurationUnit } {
  const unit =
    durationUnits.findLast((one) => seconds > 0 && seconds % secondsOf[one] === 0) ?? 'seconds'
  return { amount: seconds / secondsOf[unit], unit }
}

/** A year: more is a mistake. */
const mostSeconds = 365 * 24 * 3600

/** Seconds, or what is wrong with the text. `least` in seconds. */
export function readDuration(
  text: string,
  unit: DurationUnit,
  least: number,
): { seconds: number } | { error: string } {
  const trimmed = text.trim()
  if (!/^\d+([.,]\d+)?$/.test(trimmed)) return { error: 'This must be a number, such as 5.' }
  const seconds = Number(trimmed.replace(',', '.')) * secondsOf[unit]
  if (!Number.isInteger(seconds)) return { error: 'The gateway counts in whole seconds.' }
  if (seconds < least)
    return { error: `The least is ${least} ${least === 1 ? 'second' : 'seconds'}.` }
  if (seconds > mostSeconds) return { error: 'The most is a year.' }
  return { seconds }
}
