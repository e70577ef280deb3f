/** Shares one snapshot between callers, and never hands out one that was begun before the call. */
export class SharedScan<T> {
  readonly #scan: () => Promise<T>
  #running: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(scan: () => Promise<T>) {
    this.#scan = scan
  }

  run(): Promise<T> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#start()
    const start = () => {
      this.#next = undefined
      return this.#start()
    }
    this.#next = this.#running.then(start, start)
    return this.#next
  }

  #start(): Promise<T> {
    const running = this.#scan().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
