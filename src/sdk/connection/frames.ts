import { failures } from '../../contract/failures'
import type { Timings } from './timings'

type FrameLimits = Pick<Timings, 'frameCalls' | 'frameBytes'>

interface Call {
  id?: unknown
}

/** A lower bound for the characters of a call, so that a frame too short to hold too many calls need not be parsed. */
const minCallCharacters = 40

/**
 * Splits a frame that is too big for the server. tRPC puts all calls of one turn, and all that waited for a reconnect, into
 * one frame.
 * @returns frames that the server accepts, and the ids of the calls that are too big on their own
 */
export function splitFrame(frame: string, { frameCalls, frameBytes }: FrameLimits): { frames: string[]; tooBig: unknown[] } {
  const isShort = frame.length * 3 <= frameBytes && frame.length <= frameCalls * minCallCharacters
  if (isShort || (!frame.startsWith('[') && bytesOf(frame) <= frameBytes)) return { frames: [frame], tooBig: [] }
  const parsed = JSON.parse(frame) as Call | Call[]
  const frames: string[] = []
  const tooBig: unknown[] = []
  let calls: string[] = []
  let bytes = 2
  const flush = () => {
    if (calls.length > 0) frames.push(calls.length === 1 ? String(calls[0]) : `[${calls.join()}]`)
    calls = []
    bytes = 2
  }
  for (const call of Array.isArray(parsed) ? parsed : [parsed]) {
    const text = JSON.stringify(call)
    const size = bytesOf(text) + 1
    if (size > frameBytes) {
      tooBig.push(call.id)
      continue
    }
    if (calls.length === frameCalls || bytes + size > frameBytes) flush()
    calls.push(text)
    bytes += size
  }
  flush()
  return { frames, tooBig }
}

/** The answer that the server would send to a call that is too big. */
export function tooBigAnswer(id: unknown): string {
  const { code, words } = failures.TOO_BIG
  return JSON.stringify({ id, error: { message: words, code: -32_013, data: { code, httpStatus: 413, failure: 'TOO_BIG' } } })
}

// Made where it is needed: some test runners' pages have none.
const bytesOf = (text: string) => new TextEncoder().encode(text).length
