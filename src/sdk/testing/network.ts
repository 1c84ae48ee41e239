import { inNextTurn } from './turns'

/** Something on its way between a client and the server. */
interface Delivery {
  /** The socket it belongs to. */
  link: object
  /** What it must not overtake: others of the same stream. Null: nothing of its link, and nothing of its link overtakes it. */
  stream: string | null
  arrive: () => void
}

/** Brings frames from one side to the other, each in a turn of its own, as a real network does. */
export interface Network {
  put(delivery: Delivery): void
  /** Loses everything that is on its way on this link. */
  drop(link: object): void
  isIdle(): boolean
  /** Counts what has been put on the network. */
  count(): number
  /** From now on only what belongs together keeps its order; null to keep all of it. */
  setShuffle(random: (() => number) | null): void
}

export function createNetwork(): Network {
  const queue: Delivery[] = []
  let isRunning = false
  let count = 0
  let shuffle: (() => number) | null = null

  const mayBeNext = ({ link, stream }: Delivery, index: number) =>
    queue.slice(0, index).every((before) => before.link !== link || (stream !== null && before.stream !== null && before.stream !== stream))

  function takeNext(): Delivery | undefined {
    if (!shuffle || queue.length < 2) return queue.shift()
    // Far ones are not looked at: that would take long, and mixes no better.
    const ready = queue.slice(0, 50).flatMap((delivery, index) => (mayBeNext(delivery, index) ? [index] : []))
    return queue.splice(ready[Math.floor(shuffle() * ready.length)] ?? 0, 1)[0]
  }

  function run() {
    const next = takeNext()
    isRunning = queue.length > 0
    if (isRunning) inNextTurn(run)
    next?.arrive()
  }

  return {
    put: (delivery) => {
      count++
      queue.push(delivery)
      if (isRunning) return
      isRunning = true
      inNextTurn(run)
    },
    drop: (link) => {
      for (let index = queue.length - 1; index >= 0; index--) if (queue[index]?.link === link) queue.splice(index, 1)
    },
    isIdle: () => queue.length === 0 && !isRunning,
    count: () => count,
    setShuffle: (random) => {
      shuffle = random
    },
  }
}
