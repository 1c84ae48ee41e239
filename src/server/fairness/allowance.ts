/**
 * Something that is used up and fills up again evenly, up to a limit. It may be overdrawn by as much: then nothing more is due
 * until that is repaid.
 */
export class Allowance {
  #left: number
  #at: number

  /**
   * @param perSecond how fast it fills up; Infinity means that nothing is ever used up
   * @param burst how much may be used at once
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number,
  ) {
    this.#left = burst
    this.#at = now()
  }

  take(amount: number): void {
    if (this.perSecond !== Number.POSITIVE_INFINITY) this.#left = Math.max(this.left() - amount, -this.burst)
  }

  giveBack(amount: number): void {
    this.#left = Math.min(this.left() + amount, this.burst)
  }

  left(): number {
    const time = this.now()
    if (this.#left < this.burst && time > this.#at)
      this.#left = Math.min(this.#left + ((time - this.#at) * this.perSecond) / 1_000, this.burst)
    this.#at = time
    return this.#left
  }

  isFull(): boolean {
    return this.left() >= this.burst
  }

  /** How long until this much is left. */
  msUntil(amount: number): number {
    const missing = amount - this.left()
    return missing <= 0 ? 0 : Math.ceil((missing / this.perSecond) * 1_000)
  }
}
