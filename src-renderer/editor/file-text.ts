/** What the editor's text leaves out of a file: a byte order mark, and line breaks of two characters. */
export interface FileShape {
  bom: boolean
  eol: '\n' | '\r\n'
}

export const plainShape: FileShape = { bom: false, eol: '\n' }

/**
 * A file's text as the editor holds it. Only a file whose every line ends with CR LF has that as its shape; in mixed
 * ones the CR stay where they are, so that `joinFile` gives every file back byte for byte.
 */
export function splitFile(text: string): { body: string; shape: FileShape } {
  const bom = text.startsWith('\ufeff')
  const rest = bom ? text.slice(1) : text
  const isCrLf = rest.includes('\r\n') && !/(?<!\r)\n|\r(?!\n)/.test(rest)
  return isCrLf
    ? { body: rest.replaceAll('\r\n', '\n'), shape: { bom, eol: '\r\n' } }
    : { body: rest, shape: { bom, eol: '\n' } }
}

/** The file's text again. */
export function joinFile(body: string, { bom, eol }: FileShape): string {
  return (bom ? '\ufeff' : '') + (eol === '\n' ? body : body.replaceAll('\n', eol))
}
