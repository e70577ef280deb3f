const pauseMs = 600

/** Finds an item by the first letters of its text, as they are typed. */
export class TypeAhead {
  private typed = ''
  private lastAt = 0

  get isTyping(): boolean {
    return this.typed !== '' && performance.now() - this.lastAt < pauseMs
  }

  /**
   * The index that a typed letter leads to: the next one after `from` whose text begins with what was typed; the same
   * letter again goes on to the next with it.
   */
  find(
    letter: string,
    length: number,
    from: number,
    textAt: (index: number) => string,
  ): number | undefined {
    const now = performance.now()
    const fresh = now - this.lastAt >= pauseMs
    this.lastAt = now
    const low = letter.toLowerCase()
    this.typed = fresh || this.typed === low ? low : this.typed + low
    // One letter moves on; more stay with what matches already.
    const first = this.typed.length === 1 ? from + 1 : from
    for (let step = 0; step < length; step += 1) {
      const index = (first + step) % length
      if (textAt(index).toLowerCase().startsWith(this.typed)) return index
    }
    return undefined
  }
}
