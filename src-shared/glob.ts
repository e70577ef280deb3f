/** `*` is any run of characters, `?` one, and a backslash takes the meaning from what follows it. Linear in the text for each `*`: names come from servers, and may be long. */
export function globMatches(glob: string, text: string): boolean {
  let g = 0
  let t = 0
  /** Where to go on if what follows the last `*` does not fit. */
  let star = -1
  let from = 0
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++
      from = t
    } else if (glob[g] === '?' || literalAt(glob, g) === text[t]) {
      g += glob[g] === '\\' && g + 1 < glob.length ? 2 : 1
      t++
    } else if (star >= 0) {
      g = star + 1
      t = ++from
    } else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}

function literalAt(glob: string, at: number): string | undefined {
  return glob[at] === '\\' && at + 1 < glob.length ? glob[at + 1] : glob[at]
}

/** The glob that matches this name and no other. */
export function literalGlob(name: string): string {
  return name.replaceAll(/[*?\\]/g, String.raw`\$&`)
}
