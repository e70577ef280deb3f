import { setImmediate } from 'node:timers/promises'

const longestMs = 3

/** For long loops: lets the event loop turn when this turn has taken a few milliseconds. */
export class LoopTurn {
  #began = performance.now()

  isOver(): boolean {
    return performance.now() - this.#began > longestMs
  }

  async next(): Promise<void> {
    await setImmediate()
    this.#began = performance.now()
  }
}
