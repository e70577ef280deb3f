import { CatalogError } from './problem.ts'

/** Larger files are not catalogs: 10,000 servers are about 3 MiB. */
export const maxSourceBytes = 4 * 1024 * 1024

/** Offsets (UTF-16 units) ⇄ line and column. */
export class LineMap {
  readonly #starts: number[] = [0]
  readonly #bom: boolean

  constructor(text: string) {
    this.#bom = text.charCodeAt(0) === 0xfeff
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1)
    }
  }

  position(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    const column = offset - (this.#starts[low] ?? 0) + 1
    // A byte order mark is no column that an editor counts.
    return { line: low + 1, column: low === 0 && this.#bom ? Math.max(1, column - 1) : column }
  }
}

/**
 * The text of a YAML file, byte order mark included. Throws CatalogError for what is no text: too large,
 * not UTF-8, control characters (YAML 1.2 section 5.1).
 */
export function decodeSource(input: string | Buffer, file: string): string {
  const text = typeof input === 'string' ? input : decodeUtf8(input, file)
  const size = typeof input === 'string' ? text.length : input.length
  if (size > maxSourceBytes) {
    throw problemAt(file, '', 0, `The file is larger than ${maxSourceBytes / 2 ** 20} MiB.`)
  }
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(text)
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    const why = `Control character U+${code}: this is not a text file.`
    throw problemAt(file, text, control.index, why)
  }
  return text
}

function decodeUtf8(bytes: Buffer, file: string): string {
  if (bytes.length > maxSourceBytes) {
    throw problemAt(file, '', 0, `The file is larger than ${maxSourceBytes / 2 ** 20} MiB.`)
  }
  const first = bytes.readUInt16BE.bind(bytes)
  if (bytes.length >= 2 && (first(0) === 0xfffe || first(0) === 0xfeff)) {
    throw problemAt(file, '', 0, 'The file is UTF-16. Save it as UTF-8.')
  }
  const text = bytes.toString('utf8')
  const suspect = text.indexOf('\ufffd')
  if (suspect === -1) return text
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    const why = 'The file is not valid UTF-8. Save it as UTF-8.'
    throw problemAt(file, text, suspect, why, cause)
  }
}

function problemAt(file: string, text: string, offset: number, message: string, cause?: unknown) {
  return new CatalogError([{ message, file, ...new LineMap(text).position(offset) }], { cause })
}
