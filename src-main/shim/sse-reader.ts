export interface SseEvent {
  data: Buffer
  id?: string
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a

/** Server-sent events from bytes. Lines end in LF or CRLF, as every MCP server writes them. */
export class SseReader {
  readonly #onEvent: (event: SseEvent) => void
  #held: Buffer[] = []
  #data: Buffer[] = []
  #id: string | undefined

  constructor(onEvent: (event: SseEvent) => void) {
    this.#onEvent = onEvent
  }

  push(chunk: Buffer): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(lineFeed, start)
      if (end === -1) break
      const part = chunk.subarray(start, end)
      this.#line(this.#held.length === 0 ? part : Buffer.concat([...this.#held, part]))
      this.#held = []
      start = end + 1
    }
    if (start < chunk.length) this.#held.push(chunk.subarray(start))
  }

  #line(raw: Buffer): void {
    const line = raw.at(-1) === carriageReturn ? raw.subarray(0, -1) : raw
    if (line.length === 0) return this.#dispatch()
    const at = line.indexOf(colon)
    const field = line.toString('latin1', 0, at === -1 ? line.length : at)
    let value = at === -1 ? line.subarray(line.length) : line.subarray(at + 1)
    if (value[0] === 0x20) value = value.subarray(1)
    if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.#id = value.toString('utf8')
  }

  #dispatch(): void {
    const [first, ...rest] = this.#data
    const id = this.#id
    this.#data = []
    this.#id = undefined
    if (first === undefined && id === undefined) return
    // Between JSON tokens a line feed is as good as a blank.
    const data = Buffer.concat([first ?? Buffer.alloc(0), ...rest.flatMap((part) => [blank, part])])
    this.#onEvent(id === undefined ? { data } : { data, id })
  }
}

const blank = Buffer.from(' ')

/** JSON has raw line ends between its tokens only, where a blank does as well. */
export function oneLine(json: Buffer): Buffer {
  if (!json.includes(lineFeed) && !json.includes(carriageReturn)) return json
  return Buffer.from(
    json.map((byte) => (byte === lineFeed || byte === carriageReturn ? 0x20 : byte)),
  )
}
