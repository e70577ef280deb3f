/** Growing numbers, taken on at the end and dropped at the front: what a filter lets through of a ring. */
export class LineNumbers {
  #numbers: number[] = []
  #head = 0

  get length(): number {
    return this.#numbers.length - this.#head
  }

  push(number: number): void {
    this.#numbers.push(number)
  }

  at(index: number): number | undefined {
    return index < 0 ? undefined : this.#numbers[this.#head + index]
  }

  /** Drops all below `first`. */
  dropBelow(first: number): void {
    while (this.#head < this.#numbers.length && (this.#numbers[this.#head] ?? first) < first)
      this.#head++
    // Now and then, so that dropping costs nothing at each line.
    if (this.#head > 10_000 && this.#head * 2 > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#head)
      this.#head = 0
    }
  }

  /** Index of the first number that is not below `number`; `length` if there is none. */
  indexFrom(number: number): number {
    let low = this.#head
    let high = this.#numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#numbers[middle] ?? Infinity) < number) low = middle + 1
      else high = middle
    }
    return low - this.#head
  }

  clear(): void {
    this.#numbers = []
    this.#head = 0
  }
}
