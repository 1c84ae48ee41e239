import { useCallback, useEffect, useRef, useState } from 'react'
import { limits } from '../../contract/rules'
import { type ChatClient, type ChatFailure, type PublicRoom, readFailure } from '../../sdk'
import { roomPath } from '../paths'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { SearchField } from '../ui/fields'
import { useSettled } from '../ui/settled'

interface BrowseRoomsProps {
  client: ChatClient
  onOpen(room: string): void
  onJoined(room: string): void
  onClose(): void
}

export default function BrowseRooms({ client, onOpen, onJoined, onClose }: BrowseRoomsProps) {
  const [query, setQuery] = useState('')
  const { rooms, hasMore, failure, loadMore, retry } = usePublicRooms(client, useSettled(query.trim()))

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
          {!failure && rooms?.length === 0 && (query.trim() ? `No public room matches “${query.trim()}”.` : 'There is no public room yet.')}
          {!failure && rooms === null && <span className="late">Looking…</span>}
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
  client: ChatClient
  room: PublicRoom
  onOpen(room: string): void
  onJoined(room: string): void
}

function PublicRoomRow({ client, room, onOpen, onJoined }: PublicRoomRowProps) {
  const [pending, setPending] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)

  async function join() {
    setPending(true)
    try {
      await client.rooms.join.mutate({ room: room.id })
      onJoined(room.id)
    } catch (error) {
      setRefusal(readFailure(error).words)
      setPending(false)
    }
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
        {refusal && (
          <p role="alert" className="text-danger text-sm">
            {refusal}
          </p>
        )}
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

/** Public rooms that match, a page at a time; null until the first page has come. */
export function usePublicRooms(client: ChatClient, query: string) {
  const [rooms, setRooms] = useState<readonly PublicRoom[] | null>(null)
  const [cursor, setCursor] = useState<string | null>(null)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  const latest = useRef(0)

  const load = useCallback(
    async (after: string | null) => {
      latest.current++
      const call = latest.current
      setFailure(null)
      try {
        const page = await client.rooms.browse.query({ query, cursor: after })
        if (call !== latest.current) return
        setRooms((known) => (after && known ? [...known, ...page.rooms] : page.rooms))
        setCursor(page.cursor)
      } catch (error) {
        if (call === latest.current) setFailure(readFailure(error))
      }
    },
    [client, query],
  )

  useEffect(() => void load(null), [load])

  return { rooms, hasMore: cursor !== null, failure, loadMore: () => void load(cursor), retry: () => void load(rooms ? cursor : null) }
}
