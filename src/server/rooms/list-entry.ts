import type { Room } from '../../contract/room'
import type { OwnPart, RoomSummary } from './list-store'

/** A room as the list of this member shows it. */
export function toRoom(summary: RoomSummary, part: OwnPart, userId: string): Room {
  const { version: _, name, people, ...shared } = summary
  return {
    ...shared,
    ...namesFor(userId, name, shared.kind === 'direct' ? people : null),
    ...countsOf(part, summary.lastSeq),
    ...ownFields(part),
  }
}

/** The fields of a room's entry that are the same for all members and change seldom. */
export type ListedSettings = Pick<RoomSummary, 'id' | 'kind' | 'name' | 'topic' | 'postingPolicy' | 'slowModeSeconds' | 'archivedAt'>

/** As JSON without its braces. */
export function encodeSettings({ id, kind, name, topic, postingPolicy, slowModeSeconds, archivedAt }: ListedSettings): string {
  const settings = { id, kind, topic, postingPolicy, slowModeSeconds, archivedAt }
  return JSON.stringify(kind === 'direct' ? settings : { ...settings, name, people: [] }).slice(1, -1)
}

/** What an entry is made of: most of it is encoded once for all members of the room. */
export interface EntryParts {
  /** Made by `encodeSettings`. */
  settings: string
  lastSeq: number
  /** The newest message, or null, as JSON. */
  lastMessage: string
  /** The members of a direct room; null for other rooms. */
  people: RoomSummary['people'] | null
}

/** A room as the list of this member shows it, as JSON: the same as `toRoom`. */
export function encodeEntry({ settings, lastSeq, lastMessage, people }: EntryParts, part: OwnPart, userId: string): string {
  const { readSeq, unread, mentions } = countsOf(part, lastSeq)
  const { role, notify, favorite, mutedUntil } = part
  const names = people ? `${JSON.stringify(namesFor(userId, '', people)).slice(1, -1)},` : ''
  const until = mutedUntil === null ? 'null' : `"${mutedUntil}"`
  return `{${settings},${names}"role":"${role}","lastSeq":${lastSeq},"readSeq":${readSeq},"unread":${unread},"mentions":${mentions},"notify":"${notify}","favorite":${favorite},"mutedUntil":${until},"lastMessage":${lastMessage}}`
}

/**
 * The name of a direct room is made of the other people's, so each of them sees another one.
 * @param people the members of a direct room; null for other rooms
 */
export function namesFor(userId: string, name: string, people: RoomSummary['people'] | null): Pick<Room, 'name' | 'people'> {
  if (!people) return { name, people: [] }
  const others = people.filter(({ id }) => id !== userId)
  return { name: others.map(({ displayName }) => displayName).join(', ') || 'Notes to yourself', people: others }
}

/** A read mark may be known a moment before the message it is at: nobody sees a count below zero for that. */
function countsOf({ readSeq, mentions }: OwnPart, lastSeq: number): Pick<Room, 'readSeq' | 'unread' | 'mentions'> {
  const read = Math.min(readSeq, lastSeq)
  return { readSeq: read, unread: lastSeq - read, mentions: Math.min(mentions, lastSeq - read) }
}

const ownFields = ({ role, notify, favorite, mutedUntil }: OwnPart): Pick<Room, 'role' | 'notify' | 'favorite' | 'mutedUntil'> => ({
  ...{ role, notify, favorite, mutedUntil },
})
