import type { HistoryPage, Message } from '../contract/message'
import { cutQuote } from '../contract/rules'
import type { Unsent } from './outbox-storage'

/** A room as this client shows it: the messages it has loaded, then its own that the server has not acknowledged. */
export interface RoomTimeline {
  /**
   * Ascending by seq without holes: the newest message and as many before it as were loaded. The quotes in them (`replyTo`)
   * follow the messages that they quote: they show an edit, and "" after a removal.
   */
  messages: readonly Message[]
  /** Newer messages that must wait for one before them. Changes arrive by version, and that is not the order of seqs. */
  ahead: readonly Message[]
  /** In the order they were written. */
  unsent: readonly Unsent[]
  /** Whether the room has messages before the first of `messages`. */
  hasBefore: boolean
  /** The seqs of the messages that answer a message, by the seq of the message that they answer. */
  answers: ReadonlyMap<number, readonly number[]>
}

export const emptyTimeline: RoomTimeline = { messages: [], ahead: [], unsent: [], hasBefore: false, answers: new Map() }

/** The timeline with the room's newest page in place of everything that was loaded before. */
export function openTimeline(timeline: RoomTimeline, page: HistoryPage): RoomTimeline {
  const { unsent } = timeline
  return withoutArrived(withMessages({ ...emptyTimeline, unsent, hasBefore: page.hasBefore }, [...page.messages], page.messages))
}

/** The timeline with the page before its oldest message. */
export function withOlderPage(timeline: RoomTimeline, page: HistoryPage): RoomTimeline {
  const [oldest] = timeline.messages
  const older = page.messages.filter((message) => !oldest || message.seq < oldest.seq)
  return withMessages({ ...timeline, hasBefore: page.hasBefore }, [...older, ...timeline.messages], older)
}

/** The timeline with a message that is new or has changed. Of two versions of a message, the newer one stays. */
export function withMessage(timeline: RoomTimeline, message: Message): RoomTimeline {
  const { messages } = timeline
  const nextSeq = (messages.at(-1)?.seq ?? 0) + 1
  if (message.seq > nextSeq) {
    const ahead = [...timeline.ahead.filter((other) => other.seq !== message.seq), newer(timeline.ahead, message)]
    return { ...timeline, ahead: ahead.sort((a, b) => a.seq - b.seq) }
  }
  if (message.seq === nextSeq) {
    const added = [message]
    const ahead = [...timeline.ahead]
    for (let next = ahead[0]; next?.seq === nextSeq + added.length; next = ahead[0]) {
      added.push(next)
      ahead.shift()
    }
    return withoutArrived(withMessages({ ...timeline, ahead }, [...messages, ...added], added))
  }
  const at = indexOf(messages, message.seq)
  const known = messages[at]
  // A change of a message that is not loaded: its page will have it. The quotes of it are here.
  if (!known) return withQuoteOf(message.clientId === null ? timeline : withoutUnsent(timeline, message.clientId), message)
  if (known.version >= message.version) return timeline
  return withMessages(timeline, messages.with(at, message), [message])
}

/** The timeline with a message of its own that is new or has changed; without it once the server has acknowledged it. */
export function withUnsent(timeline: RoomTimeline, unsent: Unsent): RoomTimeline {
  if (timeline.messages.some(({ clientId }) => clientId === unsent.clientId)) return timeline
  const shown = withNewerQuote(unsent, timeline.messages)
  const at = timeline.unsent.findIndex(({ clientId }) => clientId === unsent.clientId)
  return { ...timeline, unsent: at < 0 ? [...timeline.unsent, shown] : timeline.unsent.with(at, shown) }
}

export function withoutUnsent(timeline: RoomTimeline, clientId: string): RoomTimeline {
  return { ...timeline, unsent: timeline.unsent.filter((unsent) => unsent.clientId !== clientId) }
}

function newer(messages: readonly Message[], message: Message): Message {
  const known = messages.find(({ seq }) => seq === message.seq)
  return known && known.version > message.version ? known : message
}

/** The timeline with the quotes of a message that is not loaded as they are after a change of it. */
function withQuoteOf(timeline: RoomTimeline, quoted: Message): RoomTimeline {
  const isQuoting = ({ replyTo }: Message | Unsent) => replyTo?.seq === quoted.seq
  const answers = timeline.answers.get(quoted.seq)
  if (!answers && !timeline.ahead.some(isQuoting) && !timeline.unsent.some(isQuoting)) return timeline
  const update = <Answer extends Message | Unsent>(answer: Answer) => (isQuoting(answer) ? withQuote(answer, quoted) : answer)
  const messages = [...timeline.messages]
  for (const seq of answers ?? []) {
    const at = indexOf(messages, seq)
    const answer = messages[at]
    if (answer) messages[at] = update(answer)
  }
  return { ...timeline, messages, ahead: timeline.ahead.map(update), unsent: timeline.unsent.map(update) }
}

/** Removes the unsent messages that have arrived from the server. */
function withoutArrived(timeline: RoomTimeline): RoomTimeline {
  if (timeline.unsent.length === 0) return timeline
  const arrived = new Set(timeline.messages.map(({ clientId }) => clientId))
  return { ...timeline, unsent: timeline.unsent.filter(({ clientId }) => !arrived.has(clientId)) }
}

/**
 * The timeline with these messages, in which the quotes follow what they quote. Only the `changed` messages and the answers
 * to them are looked at: a room may have thousands loaded.
 */
function withMessages(timeline: RoomTimeline, messages: Message[], changed: readonly Message[]): RoomTimeline {
  const answers = withAnswers(timeline.answers, changed)
  const updateQuote = (seq: number) => {
    const at = indexOf(messages, seq)
    const message = messages[at]
    if (message) messages[at] = withNewerQuote(message, messages)
  }
  for (const { seq, text } of changed) {
    updateQuote(seq)
    // A reaction or one more answer changes no quote.
    if (timeline.messages[indexOf(timeline.messages, seq)]?.text !== text) answers.get(seq)?.forEach(updateQuote)
  }
  return { ...timeline, messages, answers, unsent: timeline.unsent.map((unsent) => withNewerQuote(unsent, messages)) }
}

function withAnswers(known: RoomTimeline['answers'], messages: readonly Message[]): RoomTimeline['answers'] {
  const added = messages.filter(({ seq, replyTo }) => replyTo && !known.get(replyTo.seq)?.includes(seq))
  if (added.length === 0) return known
  const answers = new Map(known)
  for (const { seq, replyTo } of added) if (replyTo) answers.set(replyTo.seq, [...(answers.get(replyTo.seq) ?? []), seq])
  return answers
}

/**
 * A message with what it quotes as it is now, if this client knows that better. The server reads a quote whenever it reads
 * the message with it. So the quote is at least as new as the message's version, and a quoted message with a higher version
 * is newer than the quote.
 */
function withNewerQuote<Answer extends Message | Unsent>(answer: Answer, messages: readonly Message[]): Answer {
  const { replyTo } = answer
  const quoted = replyTo && messages[indexOf(messages, replyTo.seq)]
  return quoted ? withQuote(answer, quoted) : answer
}

/** A message with this version of what it quotes, if its quote is not newer. */
function withQuote<Answer extends Message | Unsent>(answer: Answer, quoted: Message): Answer {
  const { replyTo } = answer
  if (!replyTo || ('version' in answer && answer.version > quoted.version)) return answer
  const text = cutQuote(quoted.text)
  return text === replyTo.text ? answer : { ...answer, replyTo: { ...replyTo, text } }
}

/** Where a message is, or would be. */
const indexOf = (messages: readonly Message[], seq: number): number => seq - (messages[0]?.seq ?? 1)
