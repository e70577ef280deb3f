/** Joins what is there: `cx('a', isOn && 'b', undefined)`. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}
