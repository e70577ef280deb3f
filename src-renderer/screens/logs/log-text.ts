/** CSI, OSC and the two-byte escapes of ECMA-48; an escape that is cut off at the end counts too. */
const escapes =
  // oxlint-disable-next-line no-control-regex
  /[\u001b\u009b](?:\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\[?[0-?]*[ -/]*[@-~]?)/g

// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g

/** Marks that turn the direction of the text around them: a line must not be able to rearrange the window. */
const directionMarks = /[\u202a-\u202e\u2066-\u2069]/g

// oxlint-disable-next-line no-control-regex
const unusual = /[\u0000-\u0008\u000b-\u001f\u007f\u009b\u202a-\u202e\u2066-\u2069]/

/**
 * A line as it is shown: terminal colours and movements are taken out, other control characters are made visible
 * (U+0007 as ␇). Of a line that redraws itself with carriage returns (progress bars) the last state stays.
 */
export function plainText(text: string): string {
  if (!unusual.test(text)) return text
  const shown = text.replace(escapes, '').replace(/\r+$/, '')
  const redrawn = shown.slice(shown.lastIndexOf('\r') + 1)
  return redrawn
    .replace(controls, (c) =>
      c === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + c.charCodeAt(0)),
    )
    .replace(directionMarks, '\ufffd')
}
