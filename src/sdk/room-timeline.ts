import type { HistoryPage, Message } from '../contract/message'
import type { Unsent } from './outbox-storage'

/** A room as one client sees it: what the server has told, then what is on its way there. */
export interface RoomTimeline {
  /** Without holes, ascending by seq: the newest and as many before as were loaded. */
  messages: readonly Message[]
  /** Messages whose predecessors have not come yet: changes come by version, and that is not the order of places. */
  ahead: readonly Message[]
  /** In the order they were written. */
  unsent: readonly Unsent[]
  hasBefore: boolean
}

export const emptyTimeline: RoomTimeline = { messages: [], ahead: [], unsent: [], hasBefore: false }

/** The first page, the newest of the room. */
export function openTimeline(timeline: RoomTimeline, page: HistoryPage): RoomTimeline {
  return withoutArrived({ ...timeline, messages: page.messages, ahead: [], hasBefore: page.hasBefore })
}

/** The page before what is loaded. */
export function withOlderPage(timeline: RoomTimeline, page: HistoryPage): RoomTimeline {
  const [oldest] = timeline.messages
  const older = page.messages.filter((message) => !oldest || message.seq < oldest.seq)
  return { ...timeline, messages: [...older, ...timeline.messages], hasBefore: page.hasBefore }
}

/** A message that is new or has changed: by seq it has one place, and its newest version wins. */
export function withMessage(timeline: RoomTimeline, message: Message): RoomTimeline {
  const { messages } = timeline
  const nextSeq = (messages.at(-1)?.seq ?? 0) + 1
  if (message.seq > nextSeq) {
    const ahead = [...timeline.ahead.filter((other) => other.seq !== message.seq), newer(timeline.ahead, message)]
    return { ...timeline, ahead: ahead.sort((a, b) => a.seq - b.seq) }
  }
  if (message.seq === nextSeq) {
    const appended = [...messages, message]
    const ahead = [...timeline.ahead]
    for (let next = ahead[0]; next?.seq === nextSeq + appended.length - messages.length; next = ahead[0]) {
      appended.push(next)
      ahead.shift()
    }
    return withoutArrived({ ...timeline, messages: appended, ahead })
  }
  const at = message.seq - (messages[0]?.seq ?? 1)
  const known = messages[at]
  // Older than what is loaded: it comes with its page, as it is by then.
  if (!known) return message.clientId === null ? timeline : withoutUnsent(timeline, message.clientId)
  if (known.version >= message.version) return timeline
  return { ...timeline, messages: messages.with(at, message) }
}

function newer(messages: readonly Message[], message: Message): Message {
  const known = messages.find(({ seq }) => seq === message.seq)
  return known && known.version > message.version ? known : message
}

/** What has come back from the server is no longer on its way there. */
function withoutArrived(timeline: RoomTimeline): RoomTimeline {
  if (timeline.unsent.length === 0) return timeline
  const arrived = new Set(timeline.messages.map(({ clientId }) => clientId))
  return { ...timeline, unsent: timeline.unsent.filter(({ clientId }) => !arrived.has(clientId)) }
}

export function withUnsent(timeline: RoomTimeline, unsent: Unsent): RoomTimeline {
  if (timeline.messages.some(({ clientId }) => clientId === unsent.clientId)) return timeline
  const at = timeline.unsent.findIndex(({ clientId }) => clientId === unsent.clientId)
  return { ...timeline, unsent: at < 0 ? [...timeline.unsent, unsent] : timeline.unsent.with(at, unsent) }
}

export function withoutUnsent(timeline: RoomTimeline, clientId: string): RoomTimeline {
  return { ...timeline, unsent: timeline.unsent.filter((unsent) => unsent.clientId !== clientId) }
}
