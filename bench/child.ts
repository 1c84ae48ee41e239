import { describeExit } from '../src/launch/running'
import { startProcess } from '../tests/faults/processes'
import type { Acts, Answer, InputOf, OutputOf, Question } from './acts'

/** A process that does what it is asked. */
export interface Child<Does extends Acts> {
  /** Where it listens, if it does. */
  port: number
  /** @throws when it could not do it, or ended instead */
  act<Name extends keyof Does & string>(name: Name, ...input: InputOf<Does, Name>): Promise<OutputOf<Does, Name>>
  close(): Promise<void>
}

/** It ends when `signal` aborts, and what is asked of it with it. */
export async function startChild<Does extends Acts>(
  file: string,
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<Child<Does>> {
  signal.throwIfAborted()
  const started = await startProcess(file, environment, ['--expose-gc'])
  signal.addEventListener('abort', started.kill)
  if (signal.aborted) started.kill()
  return {
    port: started.port,
    act: async (act, ...input) => {
      const answer = await new Promise<Answer>((resolve, reject) => {
        started.onceMessage((message) => resolve(message as Answer))
        void started.exited.then((exit) => reject(new Error(`${file} ${describeExit(exit)}:\n${started.said()}`)))
        started.send({ act, input } satisfies Question)
      })
      if ('error' in answer) throw new Error(`${answer.error}\n${started.said()}`)
      return answer.value as never
    },
    close: async () => {
      signal.removeEventListener('abort', started.kill)
      started.kill()
      await started.exited
    },
  }
}
