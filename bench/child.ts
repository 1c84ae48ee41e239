import { describeExit } from '../src/launch/running'
import { startProcess } from '../tests/faults/processes'
import type { Acts, InputOf, OutputOf, Request, Response } from './acts'

/** A process whose functions this one can call. */
export interface Child<Does extends Acts> {
  /** The port it listens on, if any. */
  port: number
  /** Calls one of its functions. @throws when the function throws or the process exits */
  act<Name extends keyof Does & string>(name: Name, ...input: InputOf<Does, Name>): Promise<OutputOf<Does, Name>>
  close(): Promise<void>
}

/** Starts a process. When `signal` aborts, it is killed and its pending calls reject. */
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
      const response = await new Promise<Response>((resolve, reject) => {
        started.onceMessage((message) => resolve(message as Response))
        void started.exited.then((exit) => reject(new Error(`${file} ${describeExit(exit)}:\n${started.output()}`)))
        started.send({ act, input } satisfies Request)
      })
      if ('error' in response) throw new Error(`${response.error}\n${started.output()}`)
      return response.value as never
    },
    close: async () => {
      signal.removeEventListener('abort', started.kill)
      started.kill()
      await started.exited
    },
  }
}
