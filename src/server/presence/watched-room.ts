import { Failure } from '../../contract/failures'
import type { PersonPresence, PresenceEvent, PresenceState } from '../../contract/presence'
import { limits } from '../../contract/rules'
import type { RoomNews } from '../bus/news-bus'
import type { PresenceBoard } from './presence-board'
import type { PresenceMember } from './presence-store'
import { createTypists, typingShownMs } from './typists'

/** What a room may cost a node: so many events a second go to all its watchers together. */
const eventsPerSecond = 80
const flushEveryMs = 250
/** A lone change waits only so long for others. */
const gatherMs = 30
/** Whoever comes within so long of each other gets the same first event. */
const sharedNowMs = 250
const readEveryMs = 250
const retryMs = 1_000
/** All members are read again at most so often, the more they are the more seldom. */
const reloadEveryMs = 1_000
const reloadMsPerMember = 1
/** So many watchers are told in one turn of the event loop: messages go first. */
const toldPerTurn = 50

/** One subscription's end of a room's presence. */
export interface PresenceWatch {
  /** Resolves when there is something to take. */
  ready(): Promise<void>
  /** What is new for this watcher; null when it was closed. @throws {Failure} MEMBERSHIP_ENDED */
  take(): PresenceEvent | null
  close(): void
}

export interface WatchedRoomParts {
  room: string
  board: Pick<PresenceBoard, 'stateOf' | 'isKnown'>
  store: {
    membersOf(room: string): Promise<PresenceMember[]>
    membersAmong(room: string, userIds: readonly string[]): Promise<PresenceMember[]>
  }
  /** @throws {Failure} when this person is not in the room */
  requireMembership(userId: string): Promise<unknown>
  onError(error: Error): void
  /** This person is among those whose changes this room has to hear, or no longer. */
  onMember(userId: string, isMember: boolean): void
  onUnwatched(): void
}

interface Member extends PresenceMember {
  state: PresenceState
  /** When they went, as this node heard of it: it is written down a little later. */
  leftAt: number
  /** They went, and whether they hide since when was not read yet; and whether that they went is told all the same. */
  unread: 'untold' | 'told' | null
}

class Watcher implements PresenceWatch {
  /** Up to which change of the room it knows. */
  revision = -1
  /** What it has not taken yet; `now` for the whole. */
  waiting: PresenceEvent | 'now' | null = null
  /** Whether its person's membership was looked up since it watches. */
  isStarted = false
  #end: 'closed' | Failure | null = null
  #wake: (() => void) | null = null

  constructor(
    readonly userId: string,
    private readonly room: WatchedRoom,
  ) {}

  ready(): Promise<void> {
    if (this.waiting || this.#end) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  take(): PresenceEvent | null {
    if (this.#end instanceof Failure) throw this.#end
    const { waiting } = this
    this.waiting = null
    if (this.#end || !waiting) return null
    if (waiting !== 'now') return waiting
    const { event, revision } = this.room.now()
    this.revision = revision
    return event
  }

  tell(event: PresenceEvent | 'now', revision: number) {
    this.revision = revision
    // Who has not taken the one before, takes both as one.
    this.waiting = this.waiting ? 'now' : event
    this.#wakeUp()
  }

  end(how: 'closed' | Failure) {
    this.#end ??= how
    this.#wakeUp()
    this.room.leave(this)
  }

  close() {
    this.end('closed')
  }

  #wakeUp() {
    this.#wake?.()
    this.#wake = null
  }
}

/**
 * A room that somebody on this node watches: one state for all its watchers. Whatever happens in it is told at once for
 * few watchers, and the more seldom the more they are, so that a crowd that comes at once does not become as many events
 * as its square.
 */
export class WatchedRoom {
  readonly #watchers = new Set<Watcher>()
  readonly #members = new Map<string, Member>()
  /** Those of them who are here or away. */
  readonly #present = new Map<string, Member>()
  readonly #typists = createTypists(() => this.#mark())
  /** Who is otherwise than the watchers were told. */
  readonly #changed = new Set<Member>()
  /** Whether any watcher was told anything yet. */
  #hasBegun = false
  /** The watchers have to be told everything. */
  #tellsAll = false
  #revision = 0
  #now: { event: PresenceEvent; revision: number; at: number } | null = null
  /** The count and the typists that all watchers know; null when they know different ones. */
  #shown: string | null = null
  #flushTimer: NodeJS.Timeout | null = null
  #flushedAt = Number.NEGATIVE_INFINITY
  /** Whose membership, name or last time here has to be read. */
  readonly #unread = new Set<string>()
  #mustReload = true
  #loadedAt = Number.NEGATIVE_INFINITY
  #readTimer: NodeJS.Timeout | null = null
  #reading = false
  #readAt = Number.NEGATIVE_INFINITY
  #newestSeq = 0
  #isOver = false

  constructor(private readonly parts: WatchedRoomParts) {}

  watch(userId: string): PresenceWatch {
    const watcher = new Watcher(userId, this)
    this.#watchers.add(watcher)
    // Also of who is known: they may have left after their membership was looked up, and before this.
    this.#readSoon(userId)
    return watcher
  }

  leave(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.parts.onUnwatched()
  }

  hear(news: RoomNews | 'anything'): void {
    if (news === 'anything') this.#checkAll()
    else if (news.type === 'membership') this.#readSoon(news.userId)
    else if (news.type === 'typing') this.#hearTyping(news)
    else if (news.type === 'message' && news.message.seq > this.#newestSeq) {
      this.#newestSeq = news.message.seq
      this.#typists.stopped(news.message.author.id)
    }
  }

  /** The board has this person otherwise. */
  stateChanged(userId: string): void {
    const member = this.#members.get(userId)
    if (!member || !this.#takeState(member)) return
    // When they were last here, and whether they hide it, is read before it is told.
    if (member.state === 'offline') this.#readSoon(userId)
    else this.#mark(member)
  }

  /** The board knows now what it did not, or the other way round. */
  allChanged(): void {
    for (const member of this.#members.values()) if (this.#takeState(member) && member.state === 'offline') this.#unread.add(member.userId)
    if (this.#unread.size > 0) this.#scheduleRead()
    this.#tellsAll = true
    this.#mark()
  }

  /** How it is now, and up to which change. */
  now(): { event: PresenceEvent; revision: number } {
    const at = performance.now()
    if (this.#now && (this.#now.revision === this.#revision || at - this.#now.at < sharedNowMs)) return this.#now
    const known = this.parts.board.isKnown()
    const people = known ? this.#named() : []
    const event: PresenceEvent = { type: 'now', known, count: this.#count(), people, typing: this.#typists.names() }
    if (this.#shown !== shownBy(event)) this.#shown = null
    this.#now = { event, revision: this.#revision, at }
    return this.#now
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#typists.close()
    for (const timer of [this.#flushTimer, this.#readTimer]) if (timer) clearTimeout(timer)
    for (const userId of this.#members.keys()) this.parts.onMember(userId, false)
    for (const watcher of [...this.#watchers]) watcher.close()
  }

  #named(): PersonPresence[] {
    if (this.#members.size <= limits.presenceNamed) return [...this.#members.values()].map(toPerson)
    const named: PersonPresence[] = []
    for (const member of this.#present.values()) if (named.push(toPerson(member)) >= limits.presenceNamed) break
    return named
  }

  #count(): number {
    return this.parts.board.isKnown() ? this.#present.size : 0
  }

  #hearTyping({ userId, username }: Extract<RoomNews, { type: 'typing' }>) {
    // It would be over before anybody is told.
    if (this.#flushPauseMs() < typingShownMs) this.#typists.heard(userId, username)
  }

  // Telling.

  #mark(member?: Member) {
    this.#revision++
    if (!this.#hasBegun) return
    if (member) this.#changed.add(member)
    this.#scheduleFlush(gatherMs)
  }

  /** Counted by those who watch now: while a crowd comes, its size is not known yet, and the wait grows with it. */
  #flushPauseMs(): number {
    return Math.max(flushEveryMs, (this.#watchers.size / eventsPerSecond) * 1_000)
  }

  #scheduleFlush(leastMs: number) {
    if (this.#flushTimer || this.#isOver) return
    const waitMs = Math.max(leastMs, this.#flushedAt + this.#flushPauseMs() - performance.now())
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = null
      if (this.#flushedAt + this.#flushPauseMs() > performance.now() + 1) this.#scheduleFlush(0)
      else this.#flush()
    }, waitMs)
  }

  #flush() {
    const known = this.parts.board.isKnown()
    const all = this.#tellsAll || this.#changed.size > limits.presenceNamed
    const event: PresenceEvent = all
      ? this.#freshNow()
      : {
          type: 'changed',
          known,
          count: this.#count(),
          people: known ? [...this.#changed].map(toPerson) : [],
          typing: this.#typists.names(),
        }
    const isNothing = !all && this.#changed.size === 0 && this.#shown === shownBy(event)
    this.#changed.clear()
    this.#tellsAll = false
    this.#now = null
    if (isNothing) return
    this.#shown = shownBy(event)
    this.#flushedAt = performance.now()
    const revision = this.#revision
    const behind = [...this.#watchers].filter((watcher) => watcher.isStarted && watcher.revision < revision)
    const tellSome = () => {
      for (const watcher of behind.splice(0, toldPerTurn)) if (watcher.revision < revision) watcher.tell(event, revision)
      if (behind.length > 0) setImmediate(tellSome)
    }
    tellSome()
  }

  #freshNow(): PresenceEvent {
    this.#now = null
    return this.now().event
  }

  // Reading.

  #readSoon(userId: string) {
    this.#unread.add(userId)
    this.#scheduleRead()
  }

  /** Anything may have happened to anybody. Whoever watches and is no longer a member finds out soon, the rest in time. */
  #checkAll() {
    this.#mustReload = true
    for (const { userId } of this.#watchers) this.#unread.add(userId)
    this.#scheduleRead()
  }

  #reloadDueMs(): number {
    return this.#loadedAt + Math.max(reloadEveryMs, this.#members.size * reloadMsPerMember) - performance.now()
  }

  #scheduleRead(leastMs = 0) {
    if (this.#readTimer || this.#reading || this.#isOver) return
    const dueMs = this.#readAt + readEveryMs - performance.now()
    const nextMs = this.#unread.size > 0 ? dueMs : Math.max(dueMs, this.#reloadDueMs())
    this.#readTimer = setTimeout(
      () => {
        this.#readTimer = null
        void this.#read()
      },
      Math.max(leastMs, nextMs, 0),
    )
  }

  async #read() {
    const { room, store } = this.parts
    const isReload = this.#mustReload && this.#reloadDueMs() <= 0
    const asked = [...this.#unread]
    this.#unread.clear()
    if (isReload) this.#mustReload = false
    this.#readAt = performance.now()
    this.#reading = true
    let failed = false
    try {
      const found = isReload ? await store.membersOf(room) : await store.membersAmong(room, asked)
      if (!this.#isOver) this.#takeMembers(found, isReload ? [...this.#members.keys(), ...asked] : asked)
      if (isReload) this.#loadedAt = performance.now()
    } catch (error) {
      failed = true
      if (isReload) this.#mustReload = true
      for (const userId of asked) {
        this.#unread.add(userId)
        // That they are gone is known all the same.
        const member = this.#members.get(userId)
        if (member?.unread !== 'untold') continue
        member.unread = 'told'
        this.#mark(member)
      }
      this.parts.onError(error as Error)
    }
    this.#reading = false
    if (this.#unread.size > 0 || this.#mustReload) this.#scheduleRead(failed ? retryMs : 0)
  }

  #takeMembers(found: readonly PresenceMember[], asked: Iterable<string>) {
    const gone = new Set(asked)
    const members = new Set<string>()
    for (const read of found) {
      gone.delete(read.userId)
      members.add(read.userId)
      this.#takeMember(read)
    }
    for (const userId of gone) this.#takeOut(userId)
    for (const watcher of [...this.#watchers]) {
      if (gone.has(watcher.userId)) this.#requireMembership(watcher)
      else if (!watcher.isStarted && members.has(watcher.userId)) {
        this.#hasBegun = true
        watcher.isStarted = true
        watcher.tell('now', this.#revision)
      }
    }
  }

  #takeMember(read: PresenceMember) {
    const known = this.#members.get(read.userId)
    if (!known) {
      const member: Member = { ...read, state: 'offline', leftAt: 0, unread: null }
      this.#members.set(read.userId, member)
      this.parts.onMember(read.userId, true)
      this.#takeState(member)
      this.#mark(member)
      return
    }
    const before = known.unread ? null : JSON.stringify(toPerson(known))
    Object.assign(known, read, { unread: null })
    if (JSON.stringify(toPerson(known)) !== before) this.#mark(known)
  }

  #takeOut(userId: string) {
    const member = this.#members.get(userId)
    if (!member) return
    this.#members.delete(userId)
    this.#present.delete(userId)
    this.#changed.delete(member)
    this.#typists.stopped(userId)
    this.parts.onMember(userId, false)
    // There is no word for who is no longer in the room: the watchers are told who is.
    this.#tellsAll = true
    this.#mark()
  }

  #takeState(member: Member): boolean {
    const state = this.parts.board.stateOf(member.userId)
    if (state === member.state) return false
    if (state === 'offline') member.leftAt = Date.now()
    member.unread = state === 'offline' ? 'untold' : null
    member.state = state
    if (state === 'offline') this.#present.delete(member.userId)
    else this.#present.set(member.userId, member)
    return true
  }

  #requireMembership(watcher: Watcher) {
    this.parts.requireMembership(watcher.userId).then(
      // They were out, and are in again.
      () => this.#readSoon(watcher.userId),
      (error: unknown) => {
        const isOut = error instanceof Failure && (error.failure === 'NOT_A_MEMBER' || error.failure === 'ROOM_NOT_FOUND')
        if (isOut) watcher.end(new Failure('MEMBERSHIP_ENDED'))
        else setTimeout(() => this.#readSoon(watcher.userId), retryMs).unref()
      },
    )
  }
}

const shownBy = ({ count, typing }: PresenceEvent) => `${count} ${typing.join()}`

function toPerson({ username, state, hidesLastSeen, unread, lastSeenAt, leftAt }: Member): PersonPresence {
  const at = Math.max(lastSeenAt?.getTime() ?? 0, leftAt)
  const isTold = state === 'offline' && !hidesLastSeen && !unread && at > 0
  return { username, state, lastSeen: isTold ? new Date(at).toISOString() : null }
}
