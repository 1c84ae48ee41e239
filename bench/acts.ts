/** The functions that one process of the benchmark can call in another. */
export type Acts = Record<string, (...input: never[]) => Promise<unknown>>

export type InputOf<Does extends Acts, Name extends keyof Does> = Parameters<Does[Name]>
export type OutputOf<Does extends Acts, Name extends keyof Does> = Awaited<ReturnType<Does[Name]>>

export interface Request {
  act: string
  input: unknown[]
}

export type Response = { value: unknown } | { error: string }

/**
 * Reports over IPC that this process is ready, then calls the functions that its parent asks for. The process exits when its
 * parent does.
 */
export function serveActs(acts: Acts, port?: number): void {
  process.on('disconnect', () => process.exit(1))
  process.on('message', ({ act, input }: Request) => {
    void answer(acts[act], input).then((response) => process.send?.(response))
  })
  process.send?.({ ready: true, port })
}

async function answer(act: Acts[string] | undefined, input: unknown[]): Promise<Response> {
  try {
    if (!act) throw new Error('no such function')
    return { value: await act(...(input as never[])) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
