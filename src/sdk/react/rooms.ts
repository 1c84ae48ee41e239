import { useMemo } from 'react'
import type { Room } from '../../contract/room'
import { attentionOf, countAttention } from '../attention'
import type { ChatFailure } from '../chat-error'
import type { RoomListState } from '../room-list'
import { useChat } from './chat-provider'
import { useKept } from './kept'
import { stateOf } from './messages'
import { useProvidedId } from './room-provider'
import { useSelected } from './selected'

interface RoomsContent {
  /** The one with the newest message comes first. */
  rooms: readonly Room[]
  /** Follows the rooms again after they have ended. */
  reopen(): void
}

/** The person's rooms, loaded and kept current. */
export interface LiveRooms extends RoomsContent {
  state: 'live'
  failure: null
}

/** The person's rooms. In every state, those that are known can be shown. */
export type RoomsView =
  | LiveRooms
  | (RoomsContent & { state: 'loading'; failure: null })
  /** They are not kept current any more: `failure` says why. */
  | (RoomsContent & { state: 'ended'; failure: ChatFailure })

const selectRooms = (list: RoomListState) => ({ ...stateOf(list), rooms: list.rooms })

const noRooms: RoomListState = { state: 'loading', rooms: [] }
const readOnServer = () => noRooms

/** The room list: one subscription for all hooks. */
export const useKeptRooms = () => useKept('rooms', (chat) => chat.rooms.open())

/**
 * The person's rooms with their unread counts, kept current.
 * @example
 * const { rooms } = useRooms()
 * return rooms.map(({ id, name, unread }) => <p key={id}>{name} {unread}</p>)
 */
export function useRooms(): RoomsView {
  const kept = useKeptRooms()
  const selected = useSelected(kept?.handle.state ?? null, selectRooms, readOnServer)
  return useMemo(() => ({ ...selected, reopen: () => kept?.handle.reopen() }), [selected, kept])
}

/** What the person has not read. The counts are the same on all their devices. */
export interface UnreadView {
  /** How many messages. */
  unread: number
  /** How many of them mention the person. */
  mentions: number
  /** How many a badge should show: those that count at what the person wants to be notified of. */
  badge: number
  /** Marks the room as read up to a message, by default its newest. In all rooms it does nothing. */
  markRead(seq?: number): Promise<void>
}

/**
 * What is unread in the nearest RoomProvider's room; without one, in all of the person's rooms together.
 * @param room another room's id; null for all of them
 * @example
 * const { badge } = useUnread(room.id)
 * return badge > 0 && <span>{badge}</span>
 */
export function useUnread(room?: string | null): UnreadView {
  const chat = useChat()
  const provided = useProvidedId()
  const id = room === undefined ? provided : room
  const select = useMemo(() => (list: RoomListState) => countUnread(list.rooms, id), [id])
  const kept = useKeptRooms()
  const counts = useSelected(kept?.handle.state ?? null, select, readOnServer)
  return useMemo(
    () => ({
      ...counts,
      markRead: async (seq) => {
        const newest = kept?.handle.state.get().rooms.find((each) => each.id === id)?.lastSeq
        if (id === null || (seq ?? newest) === undefined) return
        await chat.trpc.chat.markRead.mutate({ room: id, seq: seq ?? newest ?? 0 })
      },
    }),
    [counts, chat, id, kept],
  )
}

function countUnread(rooms: readonly Room[], id: string | null): Omit<UnreadView, 'markRead'> {
  const counted = id === null ? rooms : rooms.filter((room) => room.id === id)
  const sum = (count: (room: Room) => number) => counted.reduce((total, room) => total + count(room), 0)
  return { unread: sum((room) => room.unread), mentions: sum((room) => attentionOf(room).mentions), badge: countAttention(counted) }
}
