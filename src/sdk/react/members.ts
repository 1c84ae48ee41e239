import { useMemo } from 'react'
import type { MessageKind } from '../../contract/message'
import type { Member } from '../../contract/room'
import type { Chat } from '../chat'
import type { ChatFailure } from '../chat-error'
import { systemClock } from '../clock'
import { startFollowing } from '../following'
import { createStore, type Store } from '../store'
import { pause } from '../waits'
import { nothingOnServer } from './chat-provider'
import { useKept } from './kept'
import { stateOf } from './messages'
import { useProvidedRoom } from './room-provider'
import { useSelected } from './selected'

interface MembersContent extends Pick<MembersHandle, 'loadMore' | 'reload'> {
  /** Owners first, then moderators, then everybody else by name. */
  members: readonly Member[]
  /** How many members the room has, whatever was searched for; null until that is known. */
  count: number | null
  /** Whether there are more than these: see `loadMore`. */
  hasMore: boolean
}

/** A room's members who are loaded and kept current. */
export interface LiveMembers extends MembersContent {
  state: 'live'
  failure: null
}

/** A room's members. */
export type MembersView =
  | LiveMembers
  | (MembersContent & { state: 'loading'; failure: null })
  /** They are not kept current any more: `failure` says why. */
  | (MembersContent & { state: 'ended'; failure: ChatFailure })

interface KnownMembers {
  members: readonly Member[]
  count: number | null
  hasMore: boolean
}

type MembersState = KnownMembers & ({ state: 'loading' } | { state: 'live' } | { state: 'ended'; reason: ChatFailure })

interface MembersHandle {
  state: Store<MembersState>
  /** Loads the next page. */
  loadMore(): Promise<void>
  /** Reads them again, for example after somebody's role has changed. */
  reload(): void
  reopen(): void
  close(): void
}

/** People often come several at a time. */
const changesMs = 300
/** Lines about the room after which its members are read again. */
const membershipLines: readonly MessageKind[] = ['joined', 'left', 'added', 'removed', 'banned']

/** Reads a room's members page by page, and again when somebody comes or goes. */
function openMembers(chat: Chat, id: string, query: string): MembersHandle {
  const state = createStore<MembersState>({ state: 'loading', members: [], count: null, hasMore: false })
  const room = chat.room(id)
  let pages = 1
  /** Has them read again. @param delayMs how long to wait for more that changes */
  let wake = (_delayMs: number) => {}

  async function load(signal: AbortSignal) {
    const members: Member[] = []
    let count = 0
    let cursor: string | null = null
    for (let page = 0; page < pages; page++) {
      const read: { members: Member[]; count: number; cursor: string | null } = await chat.trpc.rooms.members.query(
        { room: id, ...(query !== '' && { query }), ...(cursor !== null && { cursor }) },
        { signal },
      )
      members.push(...read.members)
      ;({ count, cursor } = read)
      if (cursor === null) break
    }
    state.set({ state: 'live', members, count, hasMore: cursor !== null })
  }

  const following = startFollowing({
    clock: systemClock,
    status: chat.connection,
    follow: async ({ signal, onStarted }) => {
      signal.addEventListener('abort', () => wake(0), { once: true })
      while (!signal.aborted) {
        const stale = new Promise<number>((resolve) => {
          wake = resolve
        })
        await load(signal)
        onStarted()
        await pause(systemClock, await stale, signal)
      }
    },
    onEnded: (reason) => state.set({ ...state.get(), state: 'ended', reason }),
  })
  const unfollow = room.follow({
    onMessage: ({ kind }) => membershipLines.includes(kind) && wake(changesMs),
    onReloaded: () => wake(0),
  })
  return {
    state,
    loadMore: () => {
      const { members, hasMore } = state.get()
      if (!hasMore) return Promise.resolve()
      pages++
      wake(0)
      return new Promise((resolve) => {
        const unsubscribe = state.subscribe(() => {
          if (state.get().members === members && state.get().state === 'live') return
          unsubscribe()
          resolve()
        })
      })
    },
    reload: () => wake(0),
    reopen: following.reopen,
    close: () => {
      following.close()
      unfollow()
      room.close()
    },
  }
}

const selectMembers = (state: MembersState) => {
  const { members, count, hasMore } = state
  return { ...stateOf(state), members, count, hasMore }
}

const notLoaded: MembersState = { state: 'loading', members: [], count: null, hasMore: false }
const readOnServer = () => notLoaded
const membersOnServer = nothingOnServer<MembersHandle>('members')

/** The open members of the nearest RoomProvider's room. */
export function useKeptMembers(query: string) {
  const { id } = useProvidedRoom()
  return useKept(`members ${id} ${query}`, (chat) => openMembers(chat, id, query))
}

/**
 * The members of the nearest RoomProvider's room, a page at a time. They are read again when a line in the room says that
 * somebody came or went. In a public room people come without one: there, call `reload` when the list is to be current.
 * @param options `query`: a part of the username or display name. Default: everybody
 * @example
 * const { members, count } = useMembers()
 * return <ul aria-label={`${count} members`}>{members.map(({ user }) => <li key={user.id}>{user.displayName}</li>)}</ul>
 */
export function useMembers({ query = '' }: { query?: string } = {}): MembersView {
  const kept = useKeptMembers(query)
  const selected = useSelected(kept?.handle.state ?? null, selectMembers, readOnServer)
  return useMemo(() => {
    const { loadMore, reload } = kept?.handle ?? membersOnServer
    return { ...selected, loadMore, reload }
  }, [selected, kept])
}
