/** Somebody whose waiting work is done a slice at a time, in turn with everybody else's. */
export interface TurnTaker {
  /** Does one slice. @returns whether more can be done in the next round; otherwise it joins again by itself */
  runSlice(): boolean
}

/** The rounds of a node: in each, everybody who has work waiting gets one slice, and between two the event loop does its other work. */
export class Turns {
  #waiting: TurnTaker[] = []
  #isScheduled = false
  #round = 0

  /** The number of the running round. It changes once per turn of the event loop. */
  round(): number {
    this.#schedule()
    return this.#round
  }

  /** Not to be called for somebody who is waiting already. */
  join(taker: TurnTaker): void {
    this.#waiting.push(taker)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#isScheduled = false
    this.#round++
    const takers = this.#waiting
    this.#waiting = []
    for (const taker of takers) if (taker.runSlice()) this.join(taker)
  }
}
