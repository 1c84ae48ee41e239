/** What a process of the bench can be asked to do. */
export type Acts = Record<string, (...input: never[]) => Promise<unknown>>

export type InputOf<Does extends Acts, Name extends keyof Does> = Parameters<Does[Name]>
export type OutputOf<Does extends Acts, Name extends keyof Does> = Awaited<ReturnType<Does[Name]>>

export interface Question {
  act: string
  input: unknown[]
}

export type Answer = { value: unknown } | { error: string }

/**
 * Says over IPC that this process is ready, and from then on does what it is asked, one thing at a time. It ends with
 * whoever started it.
 */
export function serveActs(acts: Acts, port?: number): void {
  process.on('disconnect', () => process.exit(1))
  process.on('message', ({ act, input }: Question) => {
    void answer(acts[act], input).then((given) => process.send?.(given))
  })
  process.send?.({ ready: true, port })
}

async function answer(act: Acts[string] | undefined, input: unknown[]): Promise<Answer> {
  try {
    if (!act) throw new Error('nobody can do that')
    return { value: await act(...(input as never[])) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
