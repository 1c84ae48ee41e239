import type { HistoryPage, Message } from '../contract/message'
import { firstSeq, isTouching, joinRuns, lastSeq, messageAt, newerOf, type Run } from './message-runs'
import type { Unsent } from './outbox-storage'
import { withNewerQuote, withQuote } from './quotes'

/** A room as this client shows it: a window on its messages, and the person's own that the server has not acknowledged. */
export interface RoomTimeline {
  /**
   * The window: ascending by seq without holes. The quotes in the messages (`replyTo`) follow the messages that they quote:
   * they show an edit, and "" after a removal.
   */
  messages: Run
  /** Whether the room has messages before the first of `messages`. */
  hasBefore: boolean
  /** Whether the room has messages after the last of `messages`. New ones then do not show up in the window. */
  hasAfter: boolean
  /** The seq of the room's newest message, as far as this client knows; 0 for an empty room. */
  lastSeq: number
  /** Newer messages that must wait for one before them. Changes arrive by version, and that is not the order of seqs. */
  ahead: readonly Message[]
  /** In the order they were written. They come after the room's newest message: show them only while `hasAfter` is false. */
  unsent: readonly Unsent[]
  /** The seqs of the messages that answer a message, by the seq of the message that they answer. */
  answers: ReadonlyMap<number, readonly number[]>
  /** Other parts of the room that are kept, the last shown first. They are kept current too, and no two parts touch. */
  kept: readonly Run[]
}

export const emptyTimeline: RoomTimeline = {
  messages: [],
  hasBefore: false,
  hasAfter: false,
  lastSeq: 0,
  ahead: [],
  unsent: [],
  answers: new Map(),
  kept: [],
}

/** How many messages the window has at most before it is trimmed, and how many afterwards. */
export const windowLimits = { most: 600, trimmed: 400 }
/** How many other parts of the room are kept, besides the newest one. */
const mostKept = 3
/** What is left of the newest messages when they grow while another part is shown. */
const newestKept = 100

/**
 * The timeline with a page of the room, which joins the parts that it touches.
 * @param options `show`: whether the window moves there. Otherwise a page that touches nothing is not kept
 */
export function withPage(timeline: RoomTimeline, page: HistoryPage, { show }: { show: boolean }): RoomTimeline {
  const { messages } = page
  const newest = lastSeq(messages)
  const isKept = show || [timeline.messages, ...timeline.kept].some((run) => isTouching(run, messages))
  const ahead = timeline.ahead.filter(({ seq }) => seq <= newest)
  const known = { ...timeline, lastSeq: Math.max(timeline.lastSeq, newest), ahead: timeline.ahead.filter(({ seq }) => seq > newest) }
  const added = isKept && newest > 0 ? withRun(known, messages, show) : known
  return [...ahead, ...following(added.ahead, added.lastSeq)].reduce(
    withMessage,
    withoutArrived(withChanged(timeline, added, messages), messages),
  )
}

/** The timeline with a message that is new or has changed. Of two versions of a message, the newer one stays. */
export function withMessage(timeline: RoomTimeline, message: Message): RoomTimeline {
  const nextSeq = timeline.lastSeq + 1
  if (message.seq > nextSeq) {
    const known = timeline.ahead.find(({ seq }) => seq === message.seq)
    const ahead = [...timeline.ahead.filter((other) => other !== known), newerOf(known, message)]
    return { ...timeline, ahead: ahead.sort((a, b) => a.seq - b.seq) }
  }
  if (message.seq === nextSeq) {
    const waiting = timeline.ahead.filter(({ seq }) => seq > nextSeq)
    const run = [message, ...following(waiting, nextSeq)]
    const ahead = waiting.slice(run.length - 1)
    const added = withRun({ ...timeline, ahead, lastSeq: lastSeq(run) }, run, timeline.messages.length === 0)
    return withoutArrived(withChanged(timeline, added, run), run)
  }
  const runs = [timeline.messages, ...timeline.kept]
  const at = runs.findIndex((run) => messageAt(run, message.seq))
  const run = runs[at]
  // A change of a message that is not loaded: its page will have it. The quotes of it are here.
  if (!run) return withQuotesOf(withoutArrived(timeline, [message]), message)
  if ((messageAt(run, message.seq)?.version ?? 0) >= message.version) return timeline
  const [messages = [], ...kept] = runs.with(at, run.with(message.seq - firstSeq(run), message))
  return withChanged(timeline, { ...timeline, messages, kept }, [message])
}

/** The timeline with its window on the part that has this message; the same one when none has. */
export function withWindowAt(timeline: RoomTimeline, seq: number): RoomTimeline {
  const run = timeline.kept.find((kept) => messageAt(kept, seq))
  return run ? withRun(timeline, run, true) : timeline
}

/** The timeline with a smaller window, when it has become too large. @param end the end of it that stays */
export function withTrimmedWindow(timeline: RoomTimeline, end: 'older' | 'newer'): RoomTimeline {
  const { messages } = timeline
  if (messages.length <= windowLimits.most) return timeline
  const isNewest = !timeline.hasAfter
  if (end === 'newer') return withoutLostAnswers(withEnds({ ...timeline, messages: messages.slice(-windowLimits.trimmed) }))
  const kept = isNewest ? [messages.slice(-newestKept), ...timeline.kept] : timeline.kept
  return withoutLostAnswers(withEnds({ ...timeline, messages: messages.slice(0, windowLimits.trimmed), kept }))
}

/** The timeline with a message of its own that is new or has changed; without it once the server has acknowledged it. */
export function withUnsent(timeline: RoomTimeline, unsent: Unsent): RoomTimeline {
  if ([timeline.messages, ...timeline.kept].some((run) => run.some(({ clientId }) => clientId === unsent.clientId))) return timeline
  const shown = withNewerQuote(unsent, (seq) => findMessage(timeline, seq))
  const at = timeline.unsent.findIndex(({ clientId }) => clientId === unsent.clientId)
  return { ...timeline, unsent: at < 0 ? [...timeline.unsent, shown] : timeline.unsent.with(at, shown) }
}

export function withoutUnsent(timeline: RoomTimeline, clientId: string): RoomTimeline {
  return { ...timeline, unsent: timeline.unsent.filter((unsent) => unsent.clientId !== clientId) }
}

/** A message of the window or of another part that is kept. */
export function findMessage({ messages, kept }: RoomTimeline, seq: number): Message | undefined {
  const shown = messageAt(messages, seq)
  if (shown) return shown
  for (const run of kept) {
    const message = messageAt(run, seq)
    if (message) return message
  }
  return undefined
}

/** Those of the messages that follow this seq without a hole. */
const following = (messages: readonly Message[], seq: number): Message[] =>
  messages.filter((message, index) => message.seq === seq + 1 + index)

/** The timeline with a run in it, joined with those that it touches. The window moves there, or stays where it is. */
function withRun(timeline: RoomTimeline, run: Run, show: boolean): RoomTimeline {
  const touched = [timeline.messages, ...timeline.kept].filter((other) => isTouching(other, run))
  const joined = joinRuns([...touched, run])
  const others = timeline.kept.filter((other) => !touched.includes(other))
  const isShown = show || touched.includes(timeline.messages)
  const isLeft = show && !touched.includes(timeline.messages) && timeline.messages.length > 0
  const messages = isShown ? joined : timeline.messages
  const kept = isShown ? (isLeft ? [timeline.messages, ...others] : others) : [joined, ...others]
  const arranged = withEnds({ ...timeline, messages, kept: kept.map((other) => trimKept(other, timeline.lastSeq)) })
  const few = keepFew(arranged)
  return few === arranged ? arranged : withoutLostAnswers(few)
}

/** The newest messages that are not shown grow as others write. */
const trimKept = (run: Run, newest: number): Run =>
  lastSeq(run) === newest && run.length > windowLimits.most ? run.slice(-newestKept) : run

function keepFew(timeline: RoomTimeline): RoomTimeline {
  const older = timeline.kept.filter((run) => lastSeq(run) !== timeline.lastSeq)
  const dropped = older.slice(mostKept)
  return dropped.length === 0 ? timeline : { ...timeline, kept: timeline.kept.filter((run) => !dropped.includes(run)) }
}

const withEnds = (timeline: RoomTimeline): RoomTimeline => ({
  ...timeline,
  hasBefore: timeline.messages.length > 0 ? firstSeq(timeline.messages) > 1 : timeline.lastSeq > 0,
  hasAfter: timeline.messages.length > 0 && lastSeq(timeline.messages) < timeline.lastSeq,
})

/** Removes the unsent messages that have arrived from the server. */
function withoutArrived(timeline: RoomTimeline, arrived: Run): RoomTimeline {
  if (timeline.unsent.length === 0) return timeline
  const clientIds = new Set(arrived.map(({ clientId }) => clientId))
  return { ...timeline, unsent: timeline.unsent.filter(({ clientId }) => !clientIds.has(clientId)) }
}

/**
 * The timeline after these messages were added or changed, with the quotes that follow what they quote. Only these messages
 * and the answers to them are looked at: a room may have thousands loaded.
 */
function withChanged(before: RoomTimeline, timeline: RoomTimeline, changed: Run): RoomTimeline {
  const answers = withAnswers(timeline.answers, changed)
  const runs = [timeline.messages, ...timeline.kept].map((run) => ({ run, own: null as Message[] | null }))
  const find = (seq: number): Message | undefined => {
    for (const { run, own } of runs) {
      const message = messageAt(own ?? run, seq)
      if (message) return message
    }
    return undefined
  }
  const updateQuote = (seq: number) => {
    const message = find(seq)
    const updated = message && withNewerQuote(message, find)
    if (!updated || updated === message) return
    for (const entry of runs) {
      if (!messageAt(entry.run, seq)) continue
      entry.own ??= [...entry.run]
      entry.own[seq - firstSeq(entry.run)] = updated
    }
  }
  for (const { seq, text } of changed) {
    updateQuote(seq)
    // A reaction or one more answer changes no quote.
    if (findMessage(before, seq)?.text !== text) answers.get(seq)?.forEach(updateQuote)
  }
  const [messages = [], ...kept] = runs.map(({ run, own }) => own ?? run)
  return { ...timeline, messages, kept, answers, unsent: timeline.unsent.map((unsent) => withNewerQuote(unsent, find)) }
}

/** The timeline with the quotes of a message that is not loaded as they are after a change of it. */
function withQuotesOf(timeline: RoomTimeline, quoted: Message): RoomTimeline {
  const isQuoting = ({ replyTo }: Message | Unsent) => replyTo?.seq === quoted.seq
  const answers = new Set(timeline.answers.get(quoted.seq))
  if (answers.size === 0 && !timeline.ahead.some(isQuoting) && !timeline.unsent.some(isQuoting)) return timeline
  const update = <Answer extends Message | Unsent>(answer: Answer) => (isQuoting(answer) ? withQuote(answer, quoted) : answer)
  const updateRun = (run: Run) => (run.some(({ seq }) => answers.has(seq)) ? run.map(update) : run)
  return {
    ...timeline,
    messages: updateRun(timeline.messages),
    kept: timeline.kept.map(updateRun),
    ahead: timeline.ahead.map(update),
    unsent: timeline.unsent.map(update),
  }
}

function withAnswers(known: RoomTimeline['answers'], messages: Run): RoomTimeline['answers'] {
  const added = messages.filter(({ seq, replyTo }) => replyTo && !known.get(replyTo.seq)?.includes(seq))
  if (added.length === 0) return known
  const answers = new Map(known)
  for (const { seq, replyTo } of added) if (replyTo) answers.set(replyTo.seq, [...(answers.get(replyTo.seq) ?? []), seq])
  return answers
}

/** After messages were dropped: a room that is open for weeks must not keep a note of each of them. */
function withoutLostAnswers(timeline: RoomTimeline): RoomTimeline {
  return { ...timeline, answers: withAnswers(new Map(), [timeline.messages, ...timeline.kept].flat()) }
}
