import type { Frame } from '../inspection'

/** A stream that the chat follows. */
export interface FollowedStream {
  id: number | string
  path: string
  input: string
  /** The id of the last event, from which it would be resumed. */
  cursor: string | null
  events: number
}

export interface FrameLog {
  /** The latest frames, the oldest first. */
  frames: readonly Frame[]
  streams: readonly FollowedStream[]
}

export const emptyLog: FrameLog = { frames: [], streams: [] }

const mostFrames = 200

interface WireFrame {
  id?: number | string | null
  method?: string
  params?: { path?: string; input?: unknown; lastEventId?: string }
  result?: { type?: string; id?: string; data?: unknown }
  error?: unknown
}

/** The log with one frame more. Frames that are not tRPC's, such as PING, only count as frames. */
export function withFrame({ frames, streams }: FrameLog, frame: Frame): FrameLog {
  return {
    frames: [...frames.slice(1 - mostFrames), frame],
    streams: parse(frame.text).reduce((known, wire) => withWireFrame(known, frame.direction, wire), streams),
  }
}

function withWireFrame(streams: readonly FollowedStream[], direction: Frame['direction'], wire: WireFrame): readonly FollowedStream[] {
  const { id, method, params, result, error } = wire
  if (id === undefined || id === null) return streams
  if (direction === 'sent' && method === 'subscription') {
    const { path = '', input, lastEventId } = params ?? {}
    const cursor = lastEventId ?? (input as { lastEventId?: string } | undefined)?.lastEventId ?? null
    return [...streams.filter((stream) => stream.id !== id), { id, path, input: JSON.stringify(input) ?? '', cursor, events: 0 }]
  }
  if (method === 'subscription.stop' || error !== undefined || result?.type === 'stopped')
    return streams.filter((stream) => stream.id !== id)
  if (direction === 'sent' || (result?.type !== undefined && result.type !== 'data')) return streams
  return streams.map((stream) =>
    stream.id === id ? { ...stream, events: stream.events + 1, cursor: result?.id ?? stream.cursor } : stream,
  )
}

function parse(text: string): WireFrame[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return (Array.isArray(parsed) ? parsed : [parsed]).filter((each): each is WireFrame => typeof each === 'object' && each !== null)
  } catch {
    return []
  }
}
