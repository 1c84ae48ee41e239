import type { RoomListEvent } from '../../contract/room'
import type { DirectSubscription } from '../fanout/client-socket'
import { joinValues } from '../fanout/event-frames'
import type { SubscriptionWriter } from '../fanout/subscription-writer'

/** Where a subscription gets its events from, as JSON. */
export interface ListSource {
  /** Resolves when the list is known, and can be encoded. */
  load(): Promise<void>
  /** Runs the work of this person's devices one after the other. */
  takeTurn<Value>(work: () => Promise<Value>): Promise<Value>
  /** The event with the whole list. */
  encodeList(): Promise<string>
  /** The event that says what has become of a room; null when nothing can be said now. */
  encodeRoom(room: string): string | null
  /** The subscription has ended. */
  onEnd(): void
}

/** How many characters are written before the socket is asked again whether its client reads. */
const maxCharacters = 64 * 1024

/**
 * The events of `rooms.onChange` for one client: the whole list, then the rooms that have changed. What waits for a client
 * that reads slowly is only which rooms have changed: each is encoded when it is written, as it is then.
 */
export class ListSubscription implements DirectSubscription {
  readonly path = 'rooms.onChange'
  #writer: SubscriptionWriter | null = null
  /** Rooms whose events have to be sent; null until the list is encoded. */
  #pending: Set<string> | null = null
  #isListSent = false
  #isWaiting = false
  #isClosed = false
  #wake = () => {}

  constructor(private readonly source: ListSource) {}

  start(writer: SubscriptionWriter): void {
    this.#writer = writer
    this.#open(
      () => writer.untilReadable(),
      (list) => {
        writer.write(joinValues(writer.head, [list]))
        this.#isListSent = true
        this.#write()
      },
    ).catch((error) => {
      if (!this.#isClosed) writer.fail(error)
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pending = null
    this.#wake()
    this.source.onEnd()
  }

  /** Whether it has to be told of changes: those from before the list is encoded are in the list. */
  isListening(): boolean {
    return this.#pending !== null
  }

  /** Something has become of these rooms. */
  onRooms(rooms: Iterable<string>): void {
    if (!this.#pending) return
    for (const room of rooms) {
      // Deleted first, so that the latest change is last.
      this.#pending.delete(room)
      this.#pending.add(room)
    }
    this.#write()
    this.#wake()
  }

  /** @param send gets the event with the whole list, unless the subscription ends before */
  async #open(untilReadable: () => Promise<void> | undefined, send: (list: string) => void): Promise<void> {
    await this.source.load()
    for (let isSent = false; !isSent && !this.#isClosed; ) {
      // Before it is encoded: a client that stalls would hold it in memory.
      await untilReadable()
      isSent = await this.source.takeTurn(async () => {
        // Another subscription of the same client may have written its list meanwhile.
        if (this.#isClosed || untilReadable()) return false
        // What happens from now on may be missing from the list.
        this.#pending = new Set()
        const list = await this.source.encodeList()
        if (!this.#isClosed) send(list)
        return true
      })
    }
  }

  #write(): void {
    const writer = this.#writer
    if (!writer || !this.#isListSent || this.#isWaiting) return
    while (this.#pending && this.#pending.size > 0) {
      const waiting = writer.untilReadable()
      if (waiting) {
        this.#isWaiting = true
        void waiting.then(() => {
          this.#isWaiting = false
          this.#write()
        })
        return
      }
      const events: string[] = []
      for (let size = 0, next = this.#next(); next !== null; next = size < maxCharacters ? this.#next() : null) {
        events.push(next)
        size += next.length
      }
      if (events.length > 0) writer.write(joinValues(writer.head, events))
    }
  }

  /** The next event that waits; null when there is none. */
  #next(): string | null {
    for (const room of this.#pending ?? []) {
      this.#pending?.delete(room)
      const event = this.source.encodeRoom(room)
      if (event !== null) return event
    }
    return null
  }

  /** The fallback where events cannot be delivered directly: tRPC's loop takes one event after the other. */
  async *stream(untilReadable: () => Promise<void> | undefined): AsyncGenerator<RoomListEvent> {
    try {
      let first: RoomListEvent | null = null
      await this.#open(untilReadable, (list) => {
        first = JSON.parse(list) as RoomListEvent
      })
      if (first) yield first
      while (!this.#isClosed) {
        await untilReadable()
        const next = this.#next()
        if (next !== null) yield JSON.parse(next) as RoomListEvent
        else if (!this.#isClosed) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.close()
    }
  }
}
