/** Numbers and times in words, the same everywhere. */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** "340 ms", "4.2 s", "2 min 4 s", "3 h 12 min", "5 d 2 h". */
export function durationInWords(ms: number): string {
  if (ms < 1) return '< 1 ms'
  if (Math.round(ms) < second) return `${Math.round(ms)} ms`
  if (ms < 10 * second) return `${Math.round(ms / 100) / 10} s`
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return pair(ms, minute, 'min', second, 's')
  if (ms < day) return pair(ms, hour, 'h', minute, 'min')
  return pair(ms, day, 'd', hour, 'h')
}

/** The same with fewer words, for what ticks: "42 s", "12 min", "3 h 12 min". */
export function uptimeInWords(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  return durationInWords(ms)
}

function pair(ms: number, big: number, bigWord: string, small: number, smallWord: string): string {
  const bigs = Math.floor(ms / big)
  const smalls = Math.floor((ms - bigs * big) / small)
  return smalls === 0 ? `${bigs} ${bigWord}` : `${bigs} ${bigWord} ${smalls} ${smallWord}`
}

/** "just now", "12 s ago", "5 min ago", "3 h ago", "yesterday", "4 d ago", then the date. */
export function timeAgo(time: number, now: number): string {
  const ms = now - time
  if (ms < 5 * second) return 'just now'
  if (ms < minute) return `${Math.floor(ms / second)} s ago`
  if (ms < hour) return `${Math.floor(ms / minute)} min ago`
  if (ms < day) return `${Math.floor(ms / hour)} h ago`
  if (ms < 2 * day) return 'yesterday'
  if (ms < 14 * day) return `${Math.floor(ms / day)} d ago`
  return dateFormat.format(time)
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

export function exactTime(time: number): string {
  return exactFormat.format(time)
}

/** "14:03:09.120", for logs. */
export function clockTime(time: number): string {
  const ms = String(new Date(time).getMilliseconds()).padStart(3, '0')
  return `${clockFormat.format(time)}.${ms}`
}

/** "48 MB", "1.3 GB"; powers of ten, as file managers have it. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = value < 9.95 && unit > 1 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit]}`
}

const countFormat = new Intl.NumberFormat('en', { useGrouping: true })

/** "1,204". */
export function count(value: number): string {
  return countFormat.format(value)
}

/** "1 server", "3 servers". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}
