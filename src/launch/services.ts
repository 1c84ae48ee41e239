import { describeExit, type Exit, type Running } from './running'

/** Everything that the launcher has started. */
export interface Services {
  /** Registers something. Later stages depend on earlier ones and are closed first. If it exits by itself, `onFailure` is called. */
  add(stage: Stage, name: string, running: Pick<Running, 'close'> & Partial<Running>): void
  /** Closes everything, from the last stage to the first. */
  close(): Promise<void>
  /** Kills everything and waits up to two seconds until it has exited. */
  kill(): Promise<void>
}

const stages = ['lock', 'postgres', 'redis', 'servers'] as const
export type Stage = (typeof stages)[number]

const killWaitMs = 2_000

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
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, killWaitMs))])
    },
  }
}
