import { WebSocket } from 'ws'
import { type ProcedurePath, procedureContracts } from '../../src/contract/procedures'
import { until } from '../support/stock-client'

/** What the server has answered, or sent as an event. */
export interface Recorded {
  path: ProcedurePath
  data: unknown
}

/** Somebody's socket whose answers are written down as they came. */
export interface RecordingCaller {
  /** @throws Error when the call is rejected */
  // biome-ignore lint/suspicious/noExplicitAny: the test judges the answers by their schemas
  call(path: ProcedurePath, input?: unknown): Promise<any>
  /** Follows until the test ends. @returns the events so far */
  follow(path: ProcedurePath, input?: unknown): Promise<unknown[]>
  close(): void
}

/** @param token a bearer token instead of a cookie */
export async function openRecordingCaller(url: string, cookie: string, recorded: Recorded[], token?: string): Promise<RecordingCaller> {
  const socket = new WebSocket(url, { headers: token ? { authorization: `Bearer ${token}` } : { cookie } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  let lastId = 0
  const calls = new Map<number, { path: ProcedurePath; events: unknown[]; end: (error: string | null) => void }>()
  socket.on('message', (frame) => {
    const { id, result, error } = JSON.parse(String(frame))
    const call = calls.get(id)
    if (!call) return
    if (error) return call.end(`${call.path}: ${JSON.stringify(error)}`)
    if (result.type === 'data') {
      recorded.push({ path: call.path, data: result.data })
      call.events.push(result.data)
    }
    call.end(null)
  })

  function start(path: ProcedurePath, input: unknown): Promise<unknown[]> {
    const id = ++lastId
    const events: unknown[] = []
    return new Promise((resolve, reject) => {
      calls.set(id, { path, events, end: (error) => (error ? reject(new Error(error)) : resolve(events)) })
      socket.send(JSON.stringify({ id, method: procedureContracts[path].type, params: { path, input } }))
    })
  }

  return {
    call: async (path, input) => (await start(path, input))[0],
    follow: start,
    close: () => socket.terminate(),
  }
}

/** Waits until an event fits. */
export const untilEvent = (events: unknown[], fits: (event: never) => boolean) => until(() => (events as never[]).some(fits))
