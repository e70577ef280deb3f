/** A JSON text as it was kept. `value` is undefined if it is no JSON (cut off, or never was). */
export interface KeptJson {
  text: string
  value: unknown
  isJson: boolean
}

/** Whole numbers that a double cannot hold come as bigint, so that they are shown as they were sent. */
export function readJson(text: string): KeptJson {
  try {
    return { text, value: JSON.parse(text, keepWholeNumbers), isJson: true }
  } catch {
    return { text, value: undefined, isJson: false }
  }
}

function keepWholeNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    source !== undefined &&
    /^-?\d+$/.test(source)
    ? BigInt(source)
    : value
}

/** Indented by two, a line for each member; a text that is no JSON line by line. */
export function prettyLines({ text, value, isJson }: KeptJson): string[] {
  if (!isJson) return text.split('\n')
  const lines: string[] = []
  write(value, '', '', '', lines)
  return lines
}

function write(value: unknown, indent: string, before: string, after: string, to: string[]): void {
  if (typeof value === 'bigint') to.push(`${indent}${before}${value}${after}`)
  else if (Array.isArray(value) && value.length > 0) {
    to.push(`${indent}${before}[`)
    for (const [index, item] of value.entries())
      write(item, `${indent}  `, '', index < value.length - 1 ? ',' : '', to)
    to.push(`${indent}]${after}`)
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const members = Object.entries(value)
    if (members.length === 0) return void to.push(`${indent}${before}{}${after}`)
    to.push(`${indent}${before}{`)
    for (const [index, [key, item]] of members.entries()) {
      const comma = index < members.length - 1 ? ',' : ''
      write(item, `${indent}  `, `${JSON.stringify(key)}: `, comma, to)
    }
    to.push(`${indent}}${after}`)
  } else to.push(`${indent}${before}${JSON.stringify(value)}${after}`)
}
