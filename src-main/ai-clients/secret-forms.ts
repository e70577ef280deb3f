/** A part of a text that looks like a secret. */
export interface SecretSpan {
  start: number
  end: number
  /** Words for a name: `password`, the parameter of an address. Undefined: the name of what holds the text says it. */
  hint?: string
}

const secretWord =
  /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|pat|api_?key|(?:access|auth|private|secret|signing|encryption|license|service|account|master|admin|app|client|rest|project)_?key|jwt|bearer|cookie|authorization)(?:$|[_.\-\d])/i
/** What names say about a secret without being one: where it is, whose it is, how long it holds. */
const aboutSecrets =
  /(?:^|_)(?:file|path|dir|url|uri|endpoint|host|name|id|ids|type|mode|ttl|timeout|expir(?:y|es|ation)|length|limit|limits|budget|count|max|min|enabled|disabled|format|header|prefix|store|provider|scheme|method)$/i

/** True for the name of a variable, header or option that holds a secret. `PUBLIC_KEY` does not. */
export function namesSecret(name: string): boolean {
  const snake = name
    .replace(/^-+/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[-.\s]+/g, '_')
  if (aboutSecrets.test(snake) || /public|(?:^|_)(?:no|use|has|allow|max)_/i.test(snake))
    return false
  return secretWord.test(snake) || /(?:api|access|auth)(?:key|token|secret)$|password$/i.test(snake)
}

/** A bare `key` may as well be that of a table. */
function namesKey(name: string, value: string): boolean {
  return (
    /(?:^|[_-])key$/i.test(name) &&
    !/public/i.test(name) &&
    /^(?=.*\d)\S{12,}$|^\S{24,}$/.test(value)
  )
}

/** Beginnings that providers give their keys, so that they can be found. */
const knownForms = [
  /\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_]){0,3}[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /\bglpat-[A-Za-z0-9_-]{16,}/,
  /\bxox[a-z]-[A-Za-z0-9-]{10,}/,
  /\bxapp-[A-Za-z0-9-]{10,}/,
  /\bAKIA[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{30,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/,
  /\b(?:npm|hf|dop_v1|figd|lin_api|ntn|pplx|gsk|tvly|sntrys|phx|nvapi|r8|shpat|dapi|pypi|whsec|api)[-_][A-Za-z0-9_-]{20,}/,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/,
  /\bya29\.[A-Za-z0-9_-]{20,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/,
]

/** What nobody hides, whatever the name says: switches, numbers, paths, placeholders of no length. */
export function isOpenValue(text: string): boolean {
  const value = text.trim()
  if (value.length < 4) return true
  if (
    /^(?:true|false|yes|no|on|off|none|null|auto|default|required|optional|enabled|disabled)$/i.test(
      value,
    )
  )
    return true
  if (/^[\d.,:]+$/.test(value) && value.length < 12) return true
  return isPath(value)
}

function isPath(value: string): boolean {
  if (/^[A-Za-z]:[\\/]/.test(value)) return true
  if (/^[\w./\\ -]+\.(?:json|pem|key|crt|cer|p12|pfx|ya?ml|toml|txt|env|db|sqlite3?)$/i.test(value))
    return true
  // Base64 may begin with a slash, too.
  return (
    /^(?:~|\.{1,2})?[\\/][^\n]*$/.test(value) &&
    !/^\/[A-Za-z0-9+/]*(?:\+[A-Za-z0-9+/]*|=)=*$/.test(value)
  )
}

/**
 * The parts of a value that are secrets, by its form, or all of it by the name that it stands under. Never overlapping,
 * in order. What is a variable already (`${…}`) is none.
 */
export function secretSpans(text: string, name: string | undefined): SecretSpan[] {
  const isSecret = name !== undefined && (namesSecret(name) || namesKey(name, text))
  if (isSecret && !isOpenValue(text) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const scheme = /^\s*(?:(?:Bearer|Basic|Token|Digest|ApiKey)\s+)?/i.exec(text)?.[0].length ?? 0
    const end = text.trimEnd().length
    return end > scheme ? withoutVariables(text, [{ start: scheme, end }]) : []
  }
  const bearer = /\b(?:Bearer|Basic)\s+(?=[A-Za-z0-9._~+/=-]{12,}\s*$)/i.exec(text)
  const token =
    bearer === null ? [] : [{ start: bearer.index + bearer[0].length, end: text.trimEnd().length }]
  return withoutVariables(text, disjoint([...token, ...urlSpans(text), ...knownSpans(text)]))
}

function knownSpans(text: string): SecretSpan[] {
  const spans = knownForms.flatMap((form) => {
    const found = [...text.matchAll(new RegExp(form, 'g'))]
    return found.map(({ index, 0: match }) => ({ start: index, end: index + match.length }))
  })
  return disjoint(spans)
}

/** User information, key parameters, and long random parts of the path of addresses. */
function urlSpans(text: string): SecretSpan[] {
  const spans: SecretSpan[] = []
  for (const { index, 0: url } of text.matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`]+/gi)) {
    const user = /^[a-z][a-z0-9+.-]*:\/\/([^\s/?#]*)@/i.exec(url)
    if (user !== null) {
      const before = url.indexOf('://') + 3
      const colon = (user[1] ?? '').indexOf(':')
      const start = before + (colon === -1 ? 0 : colon + 1)
      const end = before + (user[1] ?? '').length
      // A user alone is a secret where it looks like one: `https://ghp_…@github.com`.
      const isKey = colon !== -1 || knownForms.some((form) => form.test(url.slice(start, end)))
      if (isKey && end > start)
        spans.push({ start: index + start, end: index + end, hint: 'password' })
    }
    for (const { index: at, 1: key = '', 2: value = '' } of url.matchAll(
      /[?&;#]([\w.-]{1,60})=([^&;#\s]*)/g,
    ))
      if (isKeyParameter(key) && !isOpenValue(value)) {
        const start = index + at + key.length + 2
        spans.push({ start, end: start + value.length, hint: key })
      }
    if (!/^https?:/i.test(url)) continue
    const path = /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? ''
    const from = index + url.indexOf(path, url.indexOf('://') + 3)
    let at = from
    for (const segment of path.split('/')) {
      if (looksRandom(segment)) spans.push({ start: at, end: at + segment.length, hint: 'url_key' })
      at += segment.length + 1
    }
  }
  return disjoint(spans)
}

function isKeyParameter(name: string): boolean {
  return namesSecret(name) || /^(?:sig|signature|access|code|hash|session)$/i.test(name)
}

/** Long, mixed, and no words: nobody has chosen it. Ids that are written with dashes are not meant. */
function looksRandom(segment: string): boolean {
  if (knownForms.some((form) => form.test(segment))) return true
  if (!/^[A-Za-z0-9_=-]{28,}$/.test(segment)) return false
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment)) return false
  const longest = Math.max(...segment.split(/[-_]/).map((word) => word.length))
  const digits = segment.replaceAll(/\D/g, '').length
  return longest >= 20 && digits >= 4 && /[A-Za-z]/.test(segment)
}

function withoutVariables(text: string, spans: readonly SecretSpan[]): SecretSpan[] {
  return spans.filter(({ start, end }) => !/(?<!\$)\$\{/.test(text.slice(start, end)))
}

function disjoint(spans: readonly SecretSpan[]): SecretSpan[] {
  const kept: SecretSpan[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end))
    if (span.start >= (kept.at(-1)?.end ?? 0)) kept.push(span)
  return kept
}
