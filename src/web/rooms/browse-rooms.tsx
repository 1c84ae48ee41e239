import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { limits } from '../../contract/rules'
import { type Chat, type PublicRoom, readFailure } from '../../sdk'
import { roomPath } from '../paths'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { useDebounced } from '../ui/debounced'
import { Dialog } from '../ui/dialog'
import { SearchField } from '../ui/fields'
import { withQueries } from '../ui/queries'

interface BrowseRoomsProps {
  client: Chat
  onOpen(room: string): void
  onJoined(room: string): Promise<void>
  onClose(): void
}

function BrowseRooms({ client, onOpen, onJoined, onClose }: BrowseRoomsProps) {
  const [query, setQuery] = useState('')
  const { rooms, hasMore, failure, loadMore, retry } = usePublicRooms(client, useDebounced(query.trim()))

  return (
    <Dialog title="Browse rooms" onClose={onClose}>
      <SearchField
        label="Search public rooms"
        placeholder="Search by name or topic"
        value={query}
        maxLength={limits.roomQuery}
        onValue={setQuery}
        className="mb-3 shrink-0"
      />
      <div className="-mx-2 min-h-56 overflow-y-auto" aria-busy={rooms === null}>
        <ul>
          {rooms?.map((room) => (
            <PublicRoomRow key={room.id} client={client} room={room} onOpen={onOpen} onJoined={onJoined} />
          ))}
        </ul>
        <div role="status" className="px-2 py-3 text-soft text-sm">
          {failure && (
            <span className="flex flex-wrap items-center gap-3 text-danger">
              {failure.words}
              <Button look="outline" onClick={retry}>
                Try again
              </Button>
            </span>
          )}
          {!failure &&
            rooms?.length === 0 &&
            (query.trim() ? `No public rooms match “${query.trim()}”.` : 'There are no public rooms yet.')}
          {!failure && rooms === null && <span className="late">Loading…</span>}
        </div>
        {hasMore && (
          <div className="px-2 pb-2">
            <Button look="outline" onClick={loadMore} className="w-full">
              Show more rooms
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  )
}

interface PublicRoomRowProps {
  client: Chat
  room: PublicRoom
  onOpen(room: string): void
  onJoined(room: string): Promise<void>
}

function PublicRoomRow({ client, room, onOpen, onJoined }: PublicRoomRowProps) {
  const { pending, failure, run } = useAct()

  function join() {
    void run(async () => {
      await client.trpc.rooms.join.mutate({ room: room.id })
      await onJoined(room.id)
    })
  }

  return (
    <li className="flex items-center gap-3 rounded-m px-2 py-2 hover:bg-hover">
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <bdi className="truncate font-medium">{room.name}</bdi>
          <span className="shrink-0 text-faint text-xs">
            {room.memberCount.toLocaleString()} {room.memberCount === 1 ? 'member' : 'members'}
          </span>
        </p>
        {room.topic && (
          <p className="truncate text-sm text-soft" dir="auto">
            {room.topic}
          </p>
        )}
        <FailureLine failure={failure} className="mt-1.5" />
      </div>
      {room.joined ? (
        <a
          href={roomPath(room.id)}
          aria-label={`Open ${room.name}`}
          onClick={(event) => {
            event.preventDefault()
            onOpen(room.id)
          }}
          className="inline-flex min-h-11 items-center rounded-m px-4 font-medium text-sm text-soft hover:text-ink mouse:min-h-9"
        >
          Open
        </a>
      ) : (
        <Button look="outline" pending={pending} aria-label={`Join ${room.name}`} onClick={join}>
          Join
        </Button>
      )}
    </li>
  )
}

/** The public rooms that match, one page at a time. While a search runs, the rooms found before stay. */
function usePublicRooms(client: Chat, query: string) {
  const { data, error, hasNextPage, isFetchNextPageError, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['public-rooms', query],
    queryFn: ({ pageParam: cursor }) => client.trpc.rooms.browse.query({ query, cursor }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    placeholderData: keepPreviousData,
  })
  return {
    rooms: data?.pages.flatMap(({ rooms }) => rooms) ?? null,
    hasMore: hasNextPage,
    failure: error && readFailure(error),
    loadMore: () => void fetchNextPage(),
    retry: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  }
}

export default withQueries(BrowseRooms)
