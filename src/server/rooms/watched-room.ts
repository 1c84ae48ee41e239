import { isMentioned, roomMention } from '../../contract/markdown/names'
import type { Message } from '../../contract/message'
import type { LastMessage } from '../../contract/room'
import { cutQuote, maxInteger } from '../../contract/rules'
import type { RoomNews } from '../bus/news-bus'
import type { FeedWatch, FeedWatcher } from '../fanout/room-feed'
import { type EntryParts, encodeEntry, encodeSettings, type ListedSettings, namesFor } from './list-entry'
import { maxMentions, type OwnPart, type RoomSummary } from './list-store'

/** Somebody who has the room in their list. */
export interface ListOwner {
  readonly userId: string
  readonly username: string
}

/** Where a room turns to. Nothing in it may take long: messages wait for it. */
export interface RoomWatcher<Owner extends ListOwner> {
  /** Whoever has the room in their list has to be shown it again. */
  onChanged(room: WatchedRoom<Owner>): void
  /** The room has to be read again. */
  onUnsure(room: WatchedRoom<Owner>): void
  /** This person's own part has to be read again. */
  onPartUnsure(room: WatchedRoom<Owner>, owner: Owner): void
  /** The room was encoded, and keeps that until `forgetEncoded` is called. */
  onEncoded(room: WatchedRoom<Owner>): void
  /** People who have a list on this node. */
  findOwner(userId: string): Owner | undefined
  findByName(username: string): Owner | undefined
}

/** The own part of somebody whose membership has to be read before anything newer is shown to them. */
const unknownVersion = -1
/** How much news is kept for parts that are being read. */
const maxKept = 1_000

type KeptNews = Extract<RoomNews, { type: 'membership' }> | { type: 'new' | 'changed'; message: Message }

/** Lines about a room that say that something else has changed in it. */
const settingKinds: ReadonlySet<Message['kind']> = new Set(['renamed', 'topic', 'archived', 'restored'])

/**
 * A room as the lists on this node show it, kept current by the news of the room: what the news says for certain is applied,
 * everything else is read again. News comes in the room's order, and only the change right after the known version is
 * applied; a gap makes the room and the own parts be read.
 *
 * Nobody is shown anything newer than what they may see: an own part is as of a version, at which its owner was a member. It
 * holds as long as all that has happened since was news. After a gap (`#base`), and after news about the person's own
 * membership, the part does not count until it has been read again.
 */
export class WatchedRoom<Owner extends ListOwner> implements FeedWatcher {
  readonly id: string
  /** The own part of everybody on this node who has the room in their list. */
  readonly members = new Map<Owner, OwnPart>()
  /** When it was last read, by the process's clock. */
  readAt = 0
  watch: Pick<FeedWatch, 'stop'> | null = null
  #version = -1
  /** The version from which on every change was news. */
  #base = 0
  #lastSeq = 0
  #lastMessage: LastMessage | null = null
  #settings: ListedSettings
  /** Null for rooms that are not direct. */
  #people: RoomSummary['people'] | null = null
  /** Null unless it was encoded a moment ago: a node has very many rooms, and JSON takes more memory than what it is made of. */
  #encoded: EntryParts | null = null
  /** Readings of own parts under way, and the news since the first of them began; null when there was too much. */
  #readings = 0
  #kept: KeptNews[] | null = null

  constructor(
    summary: RoomSummary,
    private readonly watcher: RoomWatcher<Owner>,
  ) {
    this.id = summary.id
    this.#settings = toSettings(summary)
    this.adopt(summary)
  }

  get version(): number {
    return this.#version
  }

  get isDirect(): boolean {
    return this.#people !== null
  }

  /** Whether the own part of this person may be shown together with the room. */
  isCurrent(part: OwnPart): boolean {
    return part.version >= this.#base
  }

  /** As JSON; null when this person does not have the room, or their part has to be read first. */
  encodeFor(owner: Owner): string | null {
    const part = this.members.get(owner)
    if (!part || !this.isCurrent(part)) return null
    return encodeEntry(this.#encoded ?? this.#encode(), part, owner.userId)
  }

  #encode(): EntryParts {
    const encoded = {
      settings: encodeSettings(this.#settings),
      lastSeq: this.#lastSeq,
      lastMessage: JSON.stringify(this.#lastMessage),
      people: this.#people,
    }
    this.#encoded = encoded
    this.watcher.onEncoded(this)
    return encoded
  }

  forgetEncoded(): void {
    this.#encoded = null
  }

  /** What the place of the room in this person's list depends on. */
  sortKeyFor({ userId }: Owner): { id: string; name: string; lastMessage: { time: string } | null } {
    return { id: this.id, name: namesFor(userId, this.#settings.name, this.#people).name, lastMessage: this.#lastMessage }
  }

  /** The room as it was read. */
  adopt(summary: RoomSummary): void {
    // Whole numbers take less memory.
    this.readAt = Math.floor(performance.now())
    const settings = toSettings(summary)
    const people = summary.kind === 'direct' ? summary.people : null
    let isChanged = !isSame(settings, this.#settings) || !isSame(people, this.#people)
    this.#settings = settings
    this.#people = people
    this.#encoded = null
    // What was news in the meantime is newer than what was read.
    if (summary.version >= this.#version) {
      isChanged = this.#show(summary.lastSeq, summary.lastMessage) || isChanged
      if (summary.version > this.#version) {
        this.#version = summary.version
        this.#base = summary.version
        for (const [owner, part] of this.members) if (!this.isCurrent(part)) this.watcher.onPartUnsure(this, owner)
      }
    }
    // It is in nobody's list any more.
    if (summary.archivedAt !== null) for (const owner of this.members.keys()) this.watcher.onPartUnsure(this, owner)
    // Nobody has it yet when it was read for the first time.
    if (isChanged && this.members.size > 0) this.watcher.onChanged(this)
  }

  #show(lastSeq: number, message: LastMessage | null): boolean {
    if (lastSeq === this.#lastSeq && isSame(message, this.#lastMessage)) return false
    this.#lastSeq = lastSeq
    this.#lastMessage = message
    this.#encoded = null
    return true
  }

  onNews(news: RoomNews | 'anything'): void {
    if (news === 'anything') {
      this.watcher.onUnsure(this)
      return
    }
    if (news.type === 'typing' || news.type === 'read') return
    if (news.type === 'membership') this.#onMembership(news)
    const version = versionOf(news)
    if (version === undefined || version <= this.#version) return
    const isNext = version === this.#version + 1 && (news.type !== 'message' || news.message.seq <= this.#lastSeq + 1)
    if (!isNext) {
      this.watcher.onUnsure(this)
      return
    }
    this.#version = version
    if (news.type === 'message') this.#onMessage(news.message)
    // The name of somebody whose account was deleted must not stay.
    else if (news.type === 'room' || this.isDirect || JSON.stringify(this.#lastMessage).includes(news.userId)) this.watcher.onUnsure(this)
  }

  #onMembership(news: Extract<RoomNews, { type: 'membership' }>) {
    this.#keep(news)
    const owner = this.watcher.findOwner(news.userId)
    if (!owner) return
    const part = this.members.get(owner)
    // Of what is not newer than the room, a part that counts knows already.
    if (part && news.version !== undefined && news.version <= this.#version) return
    if (part) part.version = unknownVersion
    this.watcher.onPartUnsure(this, owner)
  }

  #onMessage(message: Message) {
    const isNew = message.seq > this.#lastSeq
    this.#keep({ type: isNew ? 'new' : 'changed', message })
    if (message.seq >= this.#lastSeq && this.#show(message.seq, toLastMessage(message))) this.watcher.onChanged(this)
    if (isNew) this.#count(message)
    else if (mayMoveMentions(message)) for (const [owner, part] of this.members) this.#doubt(owner, part, message)
    // The people in a direct room may have new names.
    if (settingKinds.has(message.kind) || this.isDirect) this.watcher.onUnsure(this)
  }

  /** Counts a new message for everybody whom it concerns. */
  #count(message: Message) {
    if (message.mentions.includes(roomMention)) {
      for (const [owner, part] of this.members) this.#countFor(owner, part, message)
      return
    }
    for (const owner of [this.watcher.findOwner(message.author.id), ...message.mentions.map((name) => this.watcher.findByName(name))]) {
      const part = owner && this.members.get(owner)
      if (part) this.#countFor(owner, part, message)
    }
  }

  #countFor(owner: Owner, part: OwnPart, message: Message) {
    if (part.version >= message.version) return
    if (owner.userId === message.author.id) {
      // They have read what they wrote, and everything before it.
      part.readSeq = Math.max(part.readSeq, message.seq)
      part.mentions = 0
    } else if (part.notify !== 'nothing' && part.readSeq < message.seq && countsAsMention(owner, message)) {
      if (part.mentions + 1 < maxMentions) part.mentions++
      else this.watcher.onPartUnsure(this, owner)
    }
  }

  /** A change of an old message may have given this person a mention, or taken one away. */
  #doubt(owner: Owner, part: OwnPart, message: Message) {
    if (part.version >= message.version || part.notify === 'nothing' || part.readSeq >= message.seq) return
    if (part.mentions > 0 || countsAsMention(owner, message)) this.watcher.onPartUnsure(this, owner)
  }

  /** For a reading of own parts, which may miss what happens meanwhile. @returns a function for when it has ended */
  beginReading(): () => void {
    if (this.#readings++ === 0) this.#kept = []
    return () => {
      if (--this.#readings === 0) this.#kept = null
    }
  }

  #keep(news: KeptNews) {
    if (this.#kept && this.#kept.push(news) > maxKept) this.#kept = null
  }

  /** An own part as it was read. @returns whether it has to be shown */
  setPart(owner: Owner, part: OwnPart): boolean {
    const before = this.members.get(owner)
    const wasCurrent = before !== undefined && this.isCurrent(before)
    this.members.set(owner, part)
    const readVersion = part.version
    if (!this.#kept && readVersion < this.#version) part.version = unknownVersion
    for (const news of this.#kept ?? []) {
      if (news.type === 'membership') {
        if (news.userId === owner.userId && (news.version ?? maxInteger) > readVersion) part.version = unknownVersion
      } else if (news.type === 'new') this.#countFor(owner, part, news.message)
      else if (mayMoveMentions(news.message)) this.#doubt(owner, part, news.message)
    }
    if (!this.isCurrent(part)) {
      this.watcher.onPartUnsure(this, owner)
      return false
    }
    return !wasCurrent || !isSamePart(before, part)
  }

  /** Whether it can be forgotten. */
  isUnused(): boolean {
    return this.members.size === 0 && this.#readings === 0
  }
}

const versionOf = (news: Exclude<RoomNews, { type: 'typing' | 'read' }>) => (news.type === 'message' ? news.message.version : news.version)

/** Mentions are fixed when a message is stored, unless it is edited or removed. */
const mayMoveMentions = ({ kind, editedAt, deletedAt }: Message) => kind === 'text' && (editedAt !== null || deletedAt !== null)

/** Whether a message by somebody else counts as a mention of this person. */
const countsAsMention = ({ userId, username }: ListOwner, { author, mentions }: Message) =>
  author.id !== userId && isMentioned(username, mentions)

const isSamePart = (a: OwnPart, b: OwnPart) =>
  a.role === b.role &&
  a.readSeq === b.readSeq &&
  a.mentions === b.mentions &&
  a.notify === b.notify &&
  a.favorite === b.favorite &&
  a.mutedUntil === b.mutedUntil

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function toSettings({ id, kind, name, topic, postingPolicy, slowModeSeconds, archivedAt }: RoomSummary): ListedSettings {
  return { id, kind, name, topic, postingPolicy, slowModeSeconds, archivedAt }
}

function toLastMessage({ seq, version, kind, detail, author, text, time, editedAt, deletedAt }: Message): LastMessage {
  const quote = cutQuote(text)
  // A part of a string keeps the whole string in memory, unless it is a copy.
  const copied = quote.length < text.length ? Buffer.from(quote, 'utf16le').toString('utf16le') : quote
  return { seq, version, kind, detail, author, text: copied, time, editedAt, deletedAt }
}
