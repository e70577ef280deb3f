/** Asks the person at the terminal; anything but y or yes is no. */
export async function askYesNo(question: string): Promise<boolean> {
  process.stdout.write(`${question} [y/N] `)
  process.stdin.setEncoding('utf8')
  const answer = await new Promise<string>((resolve) => {
    process.stdin.once('data', (text) => resolve(String(text)))
    process.stdin.once('end', () => resolve(''))
  })
  process.stdin.pause()
  return /^y(?:es)?\s*$/i.test(answer)
}
