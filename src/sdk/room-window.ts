import type { FirstPage, HistoryPage, Message } from '../contract/message'
import { maxInteger } from '../contract/rules'
import type { ChatFailure } from './chat-error'
import {
  emptyTimeline,
  findMessage,
  type RoomTimeline,
  windowLimits,
  withMessage,
  withPage,
  withTrimmedWindow,
  withWindowAt,
} from './room-timeline'
import type { Store } from './store'

export type RoomState =
  | { state: 'loading'; timeline: RoomTimeline }
  | { state: 'live'; timeline: RoomTimeline }
  /** The server has ended the subscription, for example because the person was removed, or the client has ended. */
  | { state: 'ended'; timeline: RoomTimeline; reason: ChatFailure }

export interface RoomListener {
  /** A message that is new or has changed, wherever it is in the room. The same change may come more than once: see its `version`. */
  onMessage(message: Message): void
  /** The room was loaded from the start: changes before that may not have been reported. */
  onReloaded?(): void
}

interface RoomWindowOptions {
  state: Store<RoomState> & { set(state: RoomState): void }
  /** Where the window opens at first. Default: at the newest messages. */
  around?: number
  readPage(place: HistoryPlace, signal?: AbortSignal): Promise<HistoryPage>
}

/** Where a page of history is; without a bound it is the newest one. */
interface HistoryPlace {
  before?: number
  after?: number
  around?: number
}

/** The state of a room that begins with a page from elsewhere. */
export function startState(first: FirstPage | null): RoomState {
  if (!first) return { state: 'loading', timeline: emptyTimeline }
  const { lastSeq } = first
  return { state: 'live', timeline: withPage({ ...emptyTimeline, lastSeq }, first, { show: true }) }
}

/** The part of a room that is shown: it is loaded page by page, moved, and kept current by what `receive` gets. */
export function createRoomWindow({ state, around: firstAround, readPage }: RoomWindowOptions) {
  const timeline = () => state.get().timeline
  const update = (change: (timeline: RoomTimeline) => RoomTimeline) => state.set({ ...state.get(), timeline: change(timeline()) })
  /** Counts how often the room was loaded from the start. Pages that were asked for before that may belong to another state of it. */
  let openings = 0
  /** Counts the moves of the window: only the latest one shows where it leads. */
  let moves = 0
  /** Where the window is on its way to. */
  let destination: number | null = firstAround ?? null
  /** The end of the window where the reader is, as far as it is known: the other one is trimmed. */
  let reader: 'older' | 'newer' = 'newer'
  /** The message that is being read, where somebody says so. */
  let readerSeq: number | null = null
  const endOfReader = (): typeof reader => {
    const { messages } = timeline()
    const [first, last] = [messages[0]?.seq, messages.at(-1)?.seq]
    if (readerSeq === null || first === undefined || last === undefined || readerSeq < first || readerSeq > last) return reader
    return readerSeq - first < last - readerSeq ? 'older' : 'newer'
  }
  /** For each page that is being read, the changes that have arrived since it was asked for: the page may be older than they are. */
  const arriving = new Set<Message[]>()
  const listeners = new Set<RoomListener>()
  const growing = new Map<string, Promise<void>>()

  async function load(place: HistoryPlace, isWanted: () => boolean): Promise<void> {
    const opening = openings
    const arrived: Message[] = []
    arriving.add(arrived)
    try {
      const page = await readPage(place)
      if (opening !== openings) return
      update((now) => arrived.reduce(withMessage, withPage(now, page, { show: isWanted() })))
    } finally {
      arriving.delete(arrived)
    }
  }

  /** Trims first, so that no update changes both ends of the window. */
  function grow(place: HistoryPlace): Promise<void> {
    const key = JSON.stringify(place)
    const running = growing.get(key)
    if (running) return running
    update((now) => withTrimmedWindow(now, reader))
    const started = load(place, () => false).finally(() => growing.delete(key))
    growing.set(key, started)
    return started
  }

  const untilOpen = () =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (state.get().state === 'loading') return
        unsubscribe()
        resolve()
      }
      const unsubscribe = state.subscribe(check)
      check()
    })

  return {
    follow: (listener: RoomListener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    receive: (message: Message) => {
      for (const arrived of arriving) arrived.push(message)
      for (const { onMessage } of [...listeners]) onMessage(message)
      update((now) => withMessage(now, message))
      // In an update of its own, for the same reason as above.
      if (timeline().messages.length > windowLimits.most) queueMicrotask(() => update((now) => withTrimmedWindow(now, endOfReader())))
    },

    /**
     * Loads the room from the start, with the window where it was.
     * @param onRead told the version up to which every change is known, and the newest seq, before anybody sees that the room is live
     */
    open: async (signal: AbortSignal, onRead: (version: number, newestSeq: number) => void): Promise<void> => {
      const newest = await readPage({}, signal)
      const { messages, hasAfter } = timeline()
      const around = destination ?? (hasAfter ? messages[Math.floor(messages.length / 2)]?.seq : null) ?? null
      // Asked for after the newest page: what changes in it later has a version that is not known yet.
      const page = around === null ? null : await readPage({ around }, signal)
      openings++
      growing.clear()
      onRead(Math.max(0, ...newest.messages.map(({ version }) => version)), newest.messages.at(-1)?.seq ?? 0)
      const opened = withPage({ ...emptyTimeline, unsent: timeline().unsent }, newest, { show: true })
      state.set({ state: 'live', timeline: page ? withPage(opened, page, { show: true }) : opened })
      if (page && moves === 0) {
        destination = null
        reader = 'older'
      }
      for (const { onReloaded } of [...listeners]) onReloaded?.()
    },

    loadOlder: async (): Promise<void> => {
      const [oldest] = timeline().messages
      if (!oldest || !timeline().hasBefore) return
      reader = 'older'
      await grow({ before: oldest.seq })
    },

    loadNewer: async (): Promise<void> => {
      const newest = timeline().messages.at(-1)
      if (!newest || !timeline().hasAfter) return
      reader = 'newer'
      await grow({ after: newest.seq })
    },

    openAround: async (seq: number): Promise<void> => {
      const around = Math.min(Math.max(1, Math.trunc(seq) || 1), maxInteger)
      const move = ++moves
      const isLatest = () => move === moves
      destination = around
      try {
        for (let opening = -1; isLatest() && opening !== openings && !findMessage(timeline(), around); ) {
          await untilOpen()
          opening = openings
          if (isLatest() && !findMessage(timeline(), around)) await load({ around }, isLatest)
        }
      } finally {
        if (isLatest()) destination = null
      }
      if (!isLatest()) return
      reader = 'older'
      update((now) => withWindowAt(now, around))
    },

    openNewest: async (): Promise<void> => {
      const move = ++moves
      destination = null
      await untilOpen()
      const { lastSeq } = timeline()
      reader = 'newer'
      if (timeline().hasAfter && !findMessage(timeline(), lastSeq)) await load({}, () => move === moves)
      else if (move === moves) update((now) => withWindowAt(now, lastSeq))
    },

    /** @param seq the message that is being read; null at the newest one */
    lookAt: (seq: number | null) => {
      readerSeq = seq
      if (seq === null) reader = 'newer'
    },
  }
}
