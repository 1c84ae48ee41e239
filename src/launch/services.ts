import { describeExit, type Exit, type Running } from './running'

/** What runs, in the order in which it was started. */
export interface Services {
  /** Later stages lean on earlier ones, and are closed before them. One that ends by itself is reported. */
  add(stage: Stage, name: string, running: Pick<Running, 'close'> & Partial<Running>): void
  /** Closes everything, stage by stage, from the last to the first. */
  close(): Promise<void>
  /** Ends everything at once, and waits a little until it has. */
  kill(): Promise<void>
}

const stages = ['lock', 'postgres', 'redis', 'parts'] as const
export type Stage = (typeof stages)[number]

/** How long those that were killed have, in milliseconds. */
const lastBreathMs = 2_000

export function createServices(onFailure: (what: string) => void): Services {
  const started: { stage: Stage; name: string; running: Parameters<Services['add']>[2] }[] = []
  let closing: Promise<void> | undefined

  const close = async () => {
    for (const stage of stages.toReversed()) {
      await Promise.allSettled(started.filter((one) => one.stage === stage).map((one) => one.running.close()))
    }
  }
  return {
    add(stage, name, running) {
      started.push({ stage, name, running })
      void running.exited?.then((exit: Exit) => {
        if (!closing) onFailure(`${name} ${describeExit(exit)}`)
      })
    },
    close() {
      closing ??= close()
      return closing
    },
    async kill() {
      for (const { running } of started) running.kill?.()
      const gone = Promise.all(started.map((one) => one.running.exited))
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, lastBreathMs))])
    },
  }
}
