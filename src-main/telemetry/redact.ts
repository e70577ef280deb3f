const mask = '***'

/** Shorter values are words by chance ("true", "5432"): masking them would hide the log, not the secret. */
const minimumLength = 6
/** A line of a key file that is worth masking by itself: log lines never hold a whole one. */
const minimumLineLength = 16
/** What a key file or a token can be; beyond it, a value is data. */
const maximumLength = 16 * 1024
const maximumPatternLength = 64 * 1024

/** One cheap look before the patterns below run: most lines hold nothing of the kind. */
const suspicious =
  /bearer|authorization|api[-_]?key|cookie|(?:sk|pk|rk)[-_]|gh[pousr]_|github_pat_|xox[a-z]-|AKIA|eyJ|[?&][\w-]*(?:key|token|secret|password|sig)[\w-]*=|:\/\/[^\s/:@]*:[^\s/@]*@/i

/** What looks like a secret whoever's it is. Each is linear: no nested repetition. Quotes and escapes survive. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [
    /((?:authorization|x-api-key|api[-_]?key)[\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\"']{0,4})(?:(?:bearer|basic|token|digest) {1,4})?[^\s"'\\,;&}\]]+/gi,
    `$1${mask}`,
  ],
  [/(cookie[\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\"']{0,4})[^"'\\\r\n]+/gi, `$1${mask}`],
  [/\b(bearer\s{1,4})[A-Za-z0-9._~+/=-]{6,}/gi, `$1${mask}`],
  [/\b((?:sk|pk|rk)[-_])[A-Za-z0-9_-]{12,}/g, `$1${mask}`],
  [/\b(gh[pousr]_|github_pat_|xox[a-z]-)[A-Za-z0-9_-]{10,}/g, `$1${mask}`],
  [/\bAKIA[A-Z0-9]{16}\b/g, mask],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/g, mask],
  [
    /([?&][\w-]{0,40}(?:key|token|secret|password|sig|signature)[\w-]{0,40}=)[^&\s"'\\#]+/gi,
    `$1${mask}`,
  ],
  [/(:\/\/[^\s/:@"']{0,256}:)[^\s/@"']{1,512}@/g, `$1${mask}@`],
]

/** Masks what looks like a secret: bearer tokens, well-known key prefixes, keys in query strings and headers. */
export function redactPatterns(text: string): string {
  if (!suspicious.test(text)) return text
  let result = text
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement)
  return result
}

/**
 * Masks the secrets that it was told of, in the forms in which they turn up (plain, JSON-escaped, URL-encoded), and
 * what looks like one. A secret may be added several times, by several servers; it is known until each took it back.
 */
export class Redactor {
  /** How often each secret was added. */
  readonly #added = new Map<string, number>()
  #matchers: RegExp[] | undefined

  /** Values under 6 characters are not secrets and are ignored. */
  add(secret: string): void {
    if (secret.length < minimumLength || secret.length > maximumLength) return
    this.#added.set(secret, (this.#added.get(secret) ?? 0) + 1)
    this.#matchers = undefined
  }

  remove(secret: string): void {
    const count = this.#added.get(secret)
    if (count === undefined) return
    if (count > 1) this.#added.set(secret, count - 1)
    else this.#added.delete(secret)
    this.#matchers = undefined
  }

  redact(text: string): string {
    this.#matchers ??= matchersOf(this.#added.keys())
    let result = text
    for (const matcher of this.#matchers) result = result.replace(matcher, mask)
    return redactPatterns(result)
  }
}

/**
 * Alternations of everything to mask: one pass over the text however many secrets there are, five times as fast as a
 * search for each. Several, because the engine refuses a pattern that is too large.
 */
function matchersOf(secrets: Iterable<string>): RegExp[] {
  const matchers: RegExp[] = []
  let sources: string[] = []
  let length = 0
  const close = (): void => {
    if (sources.length > 0) matchers.push(new RegExp(sources.join('|'), 'g'))
    sources = []
    length = 0
  }
  for (const needle of needlesOf(secrets)) {
    if (length > 0 && length + needle.length > maximumPatternLength) close()
    sources.push(needle.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
    length += needle.length
  }
  close()
  return matchers
}

/** Longest first, so that a secret which is part of another leaves no rest of it. */
function needlesOf(secrets: Iterable<string>): string[] {
  const needles = new Set<string>()
  for (const secret of secrets) {
    const lines = secret.split(/\r?\n/).filter((line) => line.length >= minimumLineLength)
    for (const form of [secret, ...lines]) {
      needles.add(form)
      needles.add(JSON.stringify(form).slice(1, -1))
      const encoded = encodeURIComponent(form.toWellFormed())
      needles.add(encoded)
      needles.add(encoded.replaceAll('%20', '+'))
    }
  }
  return [...needles].sort((a, b) => b.length - a.length)
}
