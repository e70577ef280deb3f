import { diff } from '@codemirror/merge'

/** Replaces what stands between two offsets of the text before. */
export interface TextChange {
  from: number
  to: number
  insert: string
}

/** Beyond this, the rest of a changed stretch is replaced as a whole. */
const scanLimit = 500

/**
 * The few places in which two texts differ: so that cursor, folds and undo history of all else stay. No two touch.
 */
export function textChanges(before: string, after: string): TextChange[] {
  return diff(before, after, { scanLimit }).map(({ fromA, toA, fromB, toB }) => ({
    from: fromA,
    to: toA,
    insert: after.slice(fromB, toB),
  }))
}
