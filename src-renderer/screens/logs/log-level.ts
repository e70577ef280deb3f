export type GuessedLevel = 'error' | 'warn' | 'info' | 'debug'

const levelOfWord: Readonly<Record<string, GuessedLevel>> = {
  emerg: 'error',
  emergency: 'error',
  alert: 'error',
  critical: 'error',
  crit: 'error',
  fatal: 'error',
  panic: 'error',
  error: 'error',
  err: 'error',
  'err!': 'error',
  warning: 'warn',
  warn: 'warn',
  wrn: 'warn',
  notice: 'info',
  info: 'info',
  inf: 'info',
  debug: 'debug',
  dbg: 'debug',
  trace: 'debug',
  verbose: 'debug',
}

const words = Object.keys(levelOfWord)
  .filter((word) => word !== 'err!')
  .join('|')

/** `{"level":"warn"…}`, `{"severity":"ERROR"…}`; pino writes numbers. */
const inJson = /"(?:level|lvl|severity|levelname|log\.level)"\s*:\s*(?:"(\w+)"|(\d+))/i
/** `level=warn`. */
const inLogfmt = /\b(?:level|lvl|severity)=["']?(\w+)/i
/** The time that most lines begin with, in or without brackets. */
const leadingTime =
  /^[[(]*(?=\d)(?:\d{4}[-/.]\d{2}[-/.]\d{2}[T ]?)?(?:\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?[\])]*[\s:|-]*/
/** `[error] …`, `ERROR: …`, `warn - …`, `npm WARN …`, `INFO:root: …`; a word of a sentence ("Error handling is on") is none. */
const atStart = new RegExp(
  String.raw`^(?:npm |yarn |pnpm )?(?:[[<(](${words})[\])>]|(${words})(?=\s*[:|\]]|\s+-+\s)|(ERR!|${words.toUpperCase()})(?=\s|$))`,
  'i',
)
/** ` - ERROR - `, `| WARN |`, ` [INFO] `: further on only between marks and in capitals. */
const between = new RegExp(
  String.raw`(?:[-|:]\s*|[[(<])(${words.toUpperCase()})(?:\s*[-|:]|[\])>])`,
)
const exception =
  /^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?:|^Traceback \(most recent|^panic:|^thread '.*' panicked|^Unhandled/
const nodeWarning = /^\(node:\d+\)|^(?:[A-Z]\w*)?Warning:/
/** `E0102 15:04:05.678 …` of glog and klog. */
const glog = /^([FEWID])\d{4} \d{2}:\d{2}/
const levelOfLetter: Readonly<Record<string, GuessedLevel>> = {
  F: 'error',
  E: 'error',
  W: 'warn',
  I: 'info',
  D: 'debug',
}

function levelOfNumber(level: number): GuessedLevel {
  if (level >= 50) return 'error'
  if (level >= 40) return 'warn'
  return level >= 30 ? 'info' : 'debug'
}

/**
 * What a line says of its own weight, by the habits of common loggers; undefined where it says nothing. A hint: the
 * gateway does not know more of a server's stderr than its text.
 */
export function guessLevel(text: string): GuessedLevel | undefined {
  const head = text.length > 200 ? text.slice(0, 200) : text
  if (head.startsWith('{')) {
    const found = inJson.exec(head)
    if (found?.[1] !== undefined) return levelOfWord[found[1].toLowerCase()]
    if (found?.[2] !== undefined) return levelOfNumber(Number(found[2]))
  }
  const logfmt = inLogfmt.exec(head)?.[1]
  if (logfmt !== undefined) return levelOfWord[logfmt.toLowerCase()]
  const rest = head.trimStart().replace(leadingTime, '')
  const start = atStart.exec(rest)
  // `i` is for the first two; the third counts in capitals alone.
  const word = start?.[1] ?? start?.[2] ?? capitals(start?.[3])
  if (word !== undefined) return levelOfWord[word.toLowerCase()]
  if (exception.test(rest)) return 'error'
  if (nodeWarning.test(rest)) return 'warn'
  const letter = glog.exec(rest)?.[1]
  if (letter !== undefined) return levelOfLetter[letter]
  const marked = between.exec(head.slice(0, 120))?.[1]
  return marked === undefined ? undefined : levelOfWord[marked.toLowerCase()]
}

function capitals(word: string | undefined): string | undefined {
  return word === word?.toUpperCase() ? word : undefined
}
