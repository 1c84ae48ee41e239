import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { AdminRoom } from '../../contract/admin'
import { limits } from '../../contract/rules'
import { roomPath } from '../paths'
import { RoomIcon } from '../rooms/room-mark'
import { DoneLine } from '../ui/act'
import { IconButton } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { useDebounced } from '../ui/debounced'
import { SearchField } from '../ui/fields'
import { Badge, Table, TableActions, TableCell, TableRow } from '../ui/table'
import { formatFull, timeAgo } from '../ui/times'
import { usePages } from './pages'
import { ListEnd, SectionPage, type SectionProps } from './section'
import { TypedName } from './typed-name'

/** All rooms but direct ones. */
export function Rooms({ client }: SectionProps) {
  const [text, setText] = useState('')
  const query = useDebounced(text.trim())
  const { pages, hasMore, failure, loadMore, reload, retry } = usePages(['admin-rooms', query], (cursor) =>
    client.trpc.admin.rooms.query({ query, cursor }),
  )
  const [deleting, setDeleting] = useState<AdminRoom | null>(null)
  const [typedRight, setTypedRight] = useState(false)
  const [done, setDone] = useState<string | null>(null)
  const rooms = pages?.flatMap((page) => page.rooms) ?? null

  async function destroy({ id, name }: AdminRoom) {
    try {
      await client.trpc.admin.deleteRoom.mutate({ room: id })
      setDone(`${name} was deleted.`)
    } finally {
      void reload()
    }
  }

  return (
    <SectionPage
      title="Rooms"
      intro="Every public and private room. Direct conversations aren't listed, and you can't read a private room that you're not in."
    >
      <SearchField
        label="Search rooms"
        placeholder="Search by name or topic"
        value={text}
        maxLength={limits.roomQuery}
        onValue={setText}
        className="mb-4"
      />
      <div className="mb-2 flex has-[p:empty]:mb-0">
        <DoneLine>{done}</DoneLine>
      </div>
      {rooms && rooms.length > 0 && (
        <Table label="Rooms" columns={['Name', 'Members', 'Messages', 'Last message', { hidden: 'Actions' }]}>
          {rooms.map((room) => (
            <RoomRow
              key={room.id}
              room={room}
              onDelete={() => {
                setDone(null)
                setTypedRight(false)
                setDeleting(room)
              }}
            />
          ))}
        </Table>
      )}
      <ListEnd
        count={rooms?.length ?? null}
        failure={failure}
        hasMore={hasMore}
        empty={query ? `No rooms match “${query}”.` : 'There are no rooms.'}
        more="Show more rooms"
        onMore={loadMore}
        onRetry={retry}
      />
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.name}?`}
          description="You can't undo this. To close a room and keep what was written, archive it instead."
          confirm="Delete room"
          isReady={typedRight}
          act={() => destroy(deleting)}
          onDone={() => setDeleting(null)}
          onClose={() => setDeleting(null)}
        >
          <ul className="list-disc space-y-1.5 pl-5 text-sm marker:text-faint">
            <li>
              <b className="font-medium">Deleted:</b> {countWords(deleting.lastSeq, 'message')} with everything on them, the places of{' '}
              {countWords(deleting.memberCount, 'member')}, and the room's invitations and bans.
            </li>
            <li>
              <b className="font-medium">Stays:</b> that you deleted it, in the audit log. An operator can export the room first.
            </li>
          </ul>
          <TypedName name={deleting.name} onRight={setTypedRight} />
        </ConfirmDialog>
      )}
    </SectionPage>
  )
}

function RoomRow({ room, onDelete }: { room: AdminRoom; onDelete(): void }) {
  const { id, kind, name, topic, memberCount, lastSeq, lastMessageAt, archivedAt, createdAt } = room
  return (
    <TableRow isFaded={archivedAt !== null}>
      <TableCell className="md:w-[48%]">
        <div className="flex min-w-0 items-start gap-2.5 max-md:pr-10">
          <RoomIcon kind={kind} className="mt-1 size-4 shrink-0 text-faint" />
          <div className="min-w-0">
            <p className="flex flex-wrap items-center gap-x-2">
              {kind === 'public' ? (
                <a
                  href={roomPath(id)}
                  className="min-w-0 font-medium text-base underline-offset-3 [overflow-wrap:anywhere] hover:underline"
                >
                  <bdi>{name}</bdi>
                </a>
              ) : (
                <bdi className="min-w-0 font-medium text-base [overflow-wrap:anywhere]">{name}</bdi>
              )}
              {archivedAt && (
                <span title={`Since ${formatFull(archivedAt)}`}>
                  <Badge>Archived</Badge>
                </span>
              )}
            </p>
            {topic && (
              <p className="line-clamp-2 text-faint [overflow-wrap:anywhere]" dir="auto">
                {topic}
              </p>
            )}
          </div>
        </div>
      </TableCell>
      <TableCell label="Members">{memberCount.toLocaleString()}</TableCell>
      <TableCell label="Messages">{lastSeq.toLocaleString()}</TableCell>
      <TableCell label="Last message">
        <span title={`Created ${formatFull(createdAt)}`}>
          {lastMessageAt ? <time dateTime={lastMessageAt}>{timeAgo(lastMessageAt)}</time> : 'Never'}
        </span>
      </TableCell>
      <TableActions>
        <IconButton label={`Delete ${name}…`} onClick={onDelete} className="hover:text-danger!">
          <Trash2 />
        </IconButton>
      </TableActions>
    </TableRow>
  )
}

const countWords = (count: number, one: string) => `${count.toLocaleString()} ${count === 1 ? one : `${one}s`}`
