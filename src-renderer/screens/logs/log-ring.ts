/** The last `capacity` items. Each has a number that stays its own: the first ever is 0. */
export class LogRing<T> {
  readonly capacity: number
  #items: (T | undefined)[] = []
  /** Number of the oldest item that is kept. */
  #first = 0
  /** Number that the next item gets. */
  #end = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get first(): number {
    return this.#first
  }

  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#first
  }

  push(item: T): void {
    this.#items[this.#end % this.capacity] = item
    this.#end++
    if (this.#end - this.#first > this.capacity) this.#first++
  }

  /** undefined for one that is gone, or yet to come. */
  get(number: number): T | undefined {
    return number < this.#first || number >= this.#end
      ? undefined
      : this.#items[number % this.capacity]
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<T> {
    for (let n = this.#first; n < this.#end; n++) {
      const item = this.#items[n % this.capacity]
      if (item !== undefined) yield item
    }
  }

  /** Forgets all; numbers go on, so that none is ever used twice. */
  clear(): void {
    this.#items = []
    // A multiple of the capacity, so that the array is filled from its start again.
    this.#end = Math.ceil(this.#end / this.capacity) * this.capacity
    this.#first = this.#end
  }
}
