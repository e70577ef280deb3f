import { GatewayError } from '../../src-shared/errors.ts'

const maxBytes = 1024 * 1024

/**
 * A value that must not be seen: from a terminal one line without echo, else all of the input without the line end
 * after it. Throws GatewayError `cancelled` for Ctrl+C.
 */
export async function readSecretValue(prompt: string): Promise<string> {
  const { stdin } = process
  if (!stdin.isTTY) return (await readAll(stdin)).replace(/\r?\n$/, '')
  // First: what is typed as soon as the prompt shows is for us, Ctrl+C included.
  stdin.setRawMode(true)
  process.stderr.write(prompt)
  try {
    return await readLine(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    process.stderr.write('\n')
  }
}

async function readAll(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > maxBytes)
      throw new GatewayError('too_large', 'The input is no secret: it is too long.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** In raw mode the terminal leaves the keys to us. */
function readLine(terminal: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let line: string[] = []
    const decoder = new TextDecoder()
    const end = (act: () => void): void => {
      terminal.off('data', onData)
      act()
    }
    const onData = (chunk: Buffer): void => {
      for (const key of decoder.decode(chunk, { stream: true }))
        switch (key) {
          case '\r':
          case '\n':
          case '\u0004': // Ctrl+D
            return end(() => resolve(line.join('')))
          case '\u0003': // Ctrl+C
            return end(() =>
              reject(new GatewayError('cancelled', 'Cancelled; nothing is changed.')),
            )
          case '\u007f':
          case '\b':
            line.pop()
            break
          case '\u0015': // Ctrl+U
            line = []
            break
          default:
            line.push(key)
        }
    }
    terminal.on('data', onData)
  })
}
