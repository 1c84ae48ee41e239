import { Failure } from '../../contract/failures'
import type { PersonPresence, PresenceEvent, PresenceState, ReadMark } from '../../contract/presence'
import { limits } from '../../contract/rules'
import type { RoomNews } from '../bus/news-bus'
import type { ClusterPresence } from './cluster-presence'
import type { PresenceMember } from './presence-store'
import { createTypingUsers, typingShownMs } from './typing-users'

/** The most events a second that one room's watchers get together. */
const eventsPerSecond = 80
const flushEveryMs = 250
/** How long a single change waits for others. */
const batchMs = 30
/** Watchers that start within this time of each other share one first event. */
const sharedNowMs = 250
const readEveryMs = 250
const retryMs = 1_000
/** The shortest time between two reads of all members. It grows with their number. */
const reloadEveryMs = 1_000
const reloadMsPerMember = 1
/** How many watchers get an event in one turn of the event loop, so that messages are not held up. */
const watchersPerTurn = 50

/** One client's subscription to a room's presence. */
export interface PresenceSubscription {
  /** Resolves when there is an event to take. */
  ready(): Promise<void>
  /** What is new for this subscriber; null when the subscription is closed. @throws {Failure} MEMBERSHIP_ENDED */
  take(): PresenceEvent | null
  close(): void
}

export interface RoomWatchParts {
  room: string
  cluster: Pick<ClusterPresence, 'stateOf' | 'isKnown'>
  store: {
    membersOf(room: string): Promise<PresenceMember[]>
    membersAmong(room: string, userIds: readonly string[]): Promise<PresenceMember[]>
  }
  /** @throws {Failure} when this person is not in the room */
  requireMembership(userId: string): Promise<unknown>
  onError(error: Error): void
  /** Called when this person joins or leaves the room, whose watch then needs their presence changes, or no longer does. */
  onMember(userId: string, isMember: boolean): void
  onUnwatched(): void
}

interface Member extends PresenceMember {
  state: PresenceState
  /** When they went offline, as far as this node knows: it is stored a little later. */
  leftAt: number
  /**
   * They went offline, and their last-seen setting has not been read again since: `withheld` until it is, `shown` without
   * a time when it could not be read.
   */
  unread: 'withheld' | 'shown' | null
}

class Watcher implements PresenceSubscription {
  /** The room's revision that this watcher knows. */
  revision = -1
  /** The event that was not taken yet; `now` for the whole current state. */
  waiting: PresenceEvent | 'now' | null = null
  /** Whether its person's membership has been checked since it began. */
  isStarted = false
  #end: 'closed' | Failure | null = null
  #wake: (() => void) | null = null

  constructor(
    readonly userId: string,
    private readonly room: RoomWatch,
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
    if (waiting !== 'now') return this.room.shownTo(this.userId, waiting)
    const { event, revision } = this.room.now()
    this.revision = revision
    return this.room.shownTo(this.userId, event)
  }

  push(event: PresenceEvent | 'now', revision: number) {
    this.revision = revision
    // Two events that were not taken become one.
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
 * The presence of one room, shared by everybody on this node who watches it. The more watchers there are, the less often
 * they get events: otherwise n people who arrive together would cause n² events.
 */
export class RoomWatch {
  readonly #watchers = new Set<Watcher>()
  readonly #members = new Map<string, Member>()
  /** The members who are here or away. */
  readonly #present = new Map<string, Member>()
  readonly #typing = createTypingUsers(() => this.#mark())
  /** Members whose state differs from what the watchers got. */
  readonly #changed = new Set<Member>()
  /** Members who have read further than the watchers know. */
  readonly #readFurther = new Set<Member>()
  /** People whose read mark may have gone back. */
  readonly #rereads = new Set<string>()
  /** Whether the room shows how far its members have read; null until it has been read. */
  #showsReads: boolean | null = null
  /** Whether any watcher got anything yet. */
  #hasBegun = false
  /** The next event has to be the whole current state. */
  #sendsAll = false
  #revision = 0
  #now: { event: PresenceEvent; revision: number; at: number } | null = null
  /** The count and the people typing, as all watchers know them; null when they differ. */
  #shown: string | null = null
  #flushTimer: NodeJS.Timeout | null = null
  #flushedAt = Number.NEGATIVE_INFINITY
  /** People whose membership, name or last-seen time has to be read. */
  readonly #unread = new Set<string>()
  #mustReload = true
  #loadedAt = Number.NEGATIVE_INFINITY
  #readTimer: NodeJS.Timeout | null = null
  #reading = false
  #readAt = Number.NEGATIVE_INFINITY
  #newestSeq = 0
  #isOver = false

  constructor(private readonly parts: RoomWatchParts) {}

  subscribe(userId: string): PresenceSubscription {
    const watcher = new Watcher(userId, this)
    this.#watchers.add(watcher)
    // Even for a known member: they may have left since their membership was checked.
    this.#readSoon(userId)
    return watcher
  }

  leave(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.parts.onUnwatched()
  }

  onNews(news: RoomNews | 'anything'): void {
    if (news === 'anything') this.#checkAll()
    else if (news.type === 'membership') this.#readSoon(news.userId)
    else if (news.type === 'typing') this.#onTyping(news)
    else if (news.type === 'read') this.#onRead(news)
    else if (news.type === 'message' && news.message.seq > this.#newestSeq) {
      this.#newestSeq = news.message.seq
      this.#typing.remove(news.message.author.id)
      // They have read what they wrote.
      this.#moveReadMark(news.message.author.id, news.message.seq)
    }
  }

  /** This person's presence in the cluster changed. */
  stateChanged(userId: string): void {
    const member = this.#members.get(userId)
    if (!member || !this.#updateState(member)) return
    // When they were last online, and whether they hide it, is read before the watchers get it.
    if (member.state === 'offline') this.#readSoon(userId)
    else this.#mark(member)
  }

  /** This person's membership has changed, and the news of it may be lost. */
  membershipChanged(userId: string): void {
    // Otherwise a change that matters here is news as well.
    if (this.#showsReads && !this.parts.cluster.isKnown()) this.#readAgain(userId)
  }

  /** The cluster's presence became known, or unknown. */
  allChanged(): void {
    // News was lost while it was unknown.
    if (this.#showsReads) this.#mustReload = true
    for (const member of this.#members.values())
      if (this.#updateState(member) && member.state === 'offline') this.#unread.add(member.userId)
    if (this.#unread.size > 0 || this.#mustReload) this.#scheduleRead()
    this.#sendsAll = true
    this.#mark()
  }

  /** The event as this watcher may see it: whoever hides how far they have read does not see it of others. */
  shownTo(userId: string, event: PresenceEvent): PresenceEvent {
    if (!event.reads || !this.#members.get(userId)?.hidesReads) return event
    const { reads: _, ...rest } = event
    return rest
  }

  /** The current state, and its revision. */
  now(): { event: PresenceEvent; revision: number } {
    const at = performance.now()
    if (this.#now && (this.#now.revision === this.#revision || at - this.#now.at < sharedNowMs)) return this.#now
    const known = this.parts.cluster.isKnown()
    const people = known ? this.#named() : []
    const event: PresenceEvent = { type: 'now', known, count: this.#count(), people, typing: this.#typing.names() }
    if (this.#showsReads) event.reads = [...this.#members.values()].flatMap(toReadMark)
    if (this.#shown !== shownBy(event)) this.#shown = null
    this.#now = { event, revision: this.#revision, at }
    return this.#now
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#typing.close()
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
    return this.parts.cluster.isKnown() ? this.#present.size : 0
  }

  #onTyping({ userId, username }: Extract<RoomNews, { type: 'typing' }>) {
    // With a longer pause, the typing would be over before anybody sees it.
    if (this.#flushPauseMs() < typingShownMs) this.#typing.add(userId, username)
  }

  #onRead({ userId, seq }: Extract<RoomNews, { type: 'read' }>) {
    if (seq === null) this.#readAgain(userId)
    else this.#moveReadMark(userId, seq)
  }

  #readAgain(userId: string) {
    this.#rereads.add(userId)
    this.#readSoon(userId)
  }

  #moveReadMark(userId: string, seq: number) {
    const member = this.#members.get(userId)
    if (!member || member.readSeq === null || member.readSeq >= seq) return
    member.readSeq = seq
    this.#markReader(member)
  }

  #markReader(member: Member) {
    if (member.hidesReads || !this.#showsReads) return
    this.#revision++
    if (!this.#hasBegun) return
    this.#readFurther.add(member)
    this.#scheduleFlush(batchMs)
  }

  // Sending.

  #mark(member?: Member) {
    this.#revision++
    if (!this.#hasBegun) return
    if (member) this.#changed.add(member)
    this.#scheduleFlush(batchMs)
  }

  /** Computed from the watchers of this moment, so that the pause grows while a crowd arrives. */
  #flushPauseMs(): number {
    return Math.max(flushEveryMs, (this.#watchers.size / eventsPerSecond) * 1_000)
  }

  #scheduleFlush(minMs: number) {
    if (this.#flushTimer || this.#isOver) return
    const waitMs = Math.max(minMs, this.#flushedAt + this.#flushPauseMs() - performance.now())
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = null
      if (this.#flushedAt + this.#flushPauseMs() > performance.now() + 1) this.#scheduleFlush(0)
      else this.#flush()
    }, waitMs)
  }

  #flush() {
    const known = this.parts.cluster.isKnown()
    const all = this.#sendsAll || this.#changed.size > limits.presenceNamed
    const event: PresenceEvent = all
      ? this.#freshNow()
      : {
          type: 'changed',
          known,
          count: this.#count(),
          people: known ? [...this.#changed].map(toPerson) : [],
          typing: this.#typing.names(),
        }
    const reads = this.#showsReads ? [...this.#readFurther].flatMap(toReadMark) : []
    if (!all && reads.length > 0) event.reads = reads
    const isOnlyReads = !all && this.#changed.size === 0 && this.#shown === shownBy(event)
    this.#changed.clear()
    this.#readFurther.clear()
    this.#sendsAll = false
    this.#now = null
    if (isOnlyReads && reads.length === 0) return
    this.#shown = shownBy(event)
    this.#flushedAt = performance.now()
    const revision = this.#revision
    // Whoever does not see read marks does not learn that there are new ones either.
    const mayKnow = (watcher: Watcher) => !isOnlyReads || !this.#members.get(watcher.userId)?.hidesReads
    const behind = [...this.#watchers].filter((watcher) => watcher.isStarted && watcher.revision < revision && mayKnow(watcher))
    const sendSome = () => {
      for (const watcher of behind.splice(0, watchersPerTurn)) if (watcher.revision < revision) watcher.push(event, revision)
      if (behind.length > 0) setImmediate(sendSome)
    }
    sendSome()
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

  /** Anybody may have joined or left. The watchers' own memberships are checked first, the others at the next full read. */
  #checkAll() {
    this.#mustReload = true
    if (this.#showsReads) for (const userId of this.#members.keys()) this.#rereads.add(userId)
    for (const { userId } of this.#watchers) this.#unread.add(userId)
    this.#scheduleRead()
  }

  #reloadDueMs(): number {
    return this.#loadedAt + Math.max(reloadEveryMs, this.#members.size * reloadMsPerMember) - performance.now()
  }

  #scheduleRead(minMs = 0) {
    if (this.#readTimer || this.#reading || this.#isOver) return
    const dueMs = this.#readAt + readEveryMs - performance.now()
    const nextMs = this.#unread.size > 0 ? dueMs : Math.max(dueMs, this.#reloadDueMs())
    this.#readTimer = setTimeout(
      () => {
        this.#readTimer = null
        void this.#read()
      },
      Math.max(minMs, nextMs, 0),
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
      if (!this.#isOver) this.#updateMembers(found, isReload ? [...this.#members.keys(), ...asked] : asked)
      if (isReload) this.#loadedAt = performance.now()
    } catch (error) {
      failed = true
      if (isReload) this.#mustReload = true
      for (const userId of asked) {
        this.#unread.add(userId)
        // The watchers get that they went offline all the same.
        const member = this.#members.get(userId)
        if (member?.unread !== 'withheld') continue
        member.unread = 'shown'
        this.#mark(member)
      }
      this.parts.onError(error as Error)
    }
    this.#reading = false
    if (this.#unread.size > 0 || this.#mustReload) this.#scheduleRead(failed ? retryMs : 0)
  }

  #updateMembers(found: readonly PresenceMember[], asked: Iterable<string>) {
    const gone = new Set(asked)
    const members = new Set<string>()
    this.#updateSize(found)
    for (const read of found) {
      gone.delete(read.userId)
      members.add(read.userId)
      this.#updateMember(read)
    }
    for (const userId of gone) this.#removeMember(userId)
    for (const watcher of [...this.#watchers]) {
      if (gone.has(watcher.userId)) this.#requireMembership(watcher)
      else if (!watcher.isStarted && members.has(watcher.userId)) {
        this.#hasBegun = true
        watcher.isStarted = true
        watcher.push('now', this.#revision)
      }
    }
  }

  #updateMember(read: PresenceMember) {
    const known = this.#members.get(read.userId)
    if (!known) {
      const member: Member = { ...read, state: 'offline', leftAt: 0, unread: null }
      this.#members.set(read.userId, member)
      this.#rereads.delete(read.userId)
      if (member.readSeq !== null) this.#markReader(member)
      this.parts.onMember(read.userId, true)
      this.#updateState(member)
      this.#mark(member)
      return
    }
    const before = known.unread ? null : JSON.stringify(toPerson(known))
    const { hidesReads, readSeq } = known
    // What was news in the meantime is newer than what was read.
    const isOlder = !this.#rereads.delete(read.userId) && readSeq !== null && read.readSeq !== null && read.readSeq < readSeq
    Object.assign(known, read, { unread: null }, isOlder && { readSeq })
    if (known.hidesReads !== hidesReads) {
      // Only the whole state takes something away again.
      this.#sendsAll = true
      this.#now = null
      this.#mark()
    } else if (known.readSeq !== readSeq && known.readSeq !== null) this.#markReader(known)
    if (JSON.stringify(toPerson(known)) !== before) this.#mark(known)
  }

  /** A room that grows beyond the limit shows no read marks any more; one that shrinks has them read again. */
  #updateSize([first]: readonly PresenceMember[]) {
    if (!first) return
    const shows = first.readSeq !== null
    if (shows === this.#showsReads) return
    if (this.#showsReads !== null) {
      this.#sendsAll = true
      this.#now = null
      if (shows) this.#mustReload = true
      this.#mark()
    }
    this.#showsReads = shows
  }

  #removeMember(userId: string) {
    const member = this.#members.get(userId)
    if (!member) return
    this.#members.delete(userId)
    this.#present.delete(userId)
    this.#changed.delete(member)
    this.#readFurther.delete(member)
    if (this.#showsReads === false && this.#members.size <= limits.readersShown) this.#mustReload = true
    this.#typing.remove(userId)
    this.parts.onMember(userId, false)
    // No event says that somebody left the room: the watchers get everybody who is in it.
    this.#sendsAll = true
    this.#mark()
  }

  #updateState(member: Member): boolean {
    const state = this.parts.cluster.stateOf(member.userId)
    if (state === member.state) return false
    if (state === 'offline') member.leftAt = Date.now()
    member.unread = state === 'offline' ? 'withheld' : null
    member.state = state
    if (state === 'offline') this.#present.delete(member.userId)
    else this.#present.set(member.userId, member)
    return true
  }

  #requireMembership(watcher: Watcher) {
    this.parts.requireMembership(watcher.userId).then(
      // They left and came back.
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

const toReadMark = ({ username, hidesReads, readSeq }: Member): ReadMark[] =>
  hidesReads || readSeq === null ? [] : [{ username, readSeq }]

function toPerson({ username, state, hidesLastSeen, unread, lastSeenAt, leftAt }: Member): PersonPresence {
  const at = Math.max(lastSeenAt?.getTime() ?? 0, leftAt)
  const isShown = state === 'offline' && !hidesLastSeen && !unread && at > 0
  return { username, state, lastSeen: isShown ? new Date(at).toISOString() : null }
}
