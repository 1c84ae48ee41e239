import { useQuery } from '@tanstack/react-query'
import { AtSign, Clock, MessageSquare } from 'lucide-react'
import * as Popover from 'radix-ui/popover'
import { type ReactNode, useEffect, useState } from 'react'
import { type Chat, type Person, type Room, type RoomRole, readFailure } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Dialog, useReturnFocus } from '../ui/dialog'
import { isForMouse } from '../ui/media'
import { withQueries } from '../ui/queries'
import { localTimeWords } from './local-time'
import type { PersonName } from './people-search'
import { type Presence, PresenceDot, presenceWords } from './presence-dot'

interface PersonCardProps {
  client: Chat
  person: PersonName
  /** What was pressed. */
  anchor: HTMLElement
  room: Room | undefined
  me: string
  presence: Presence | undefined
  onOpenRoom(room: string): void
  onMention(): void
  onClose(): void
}

const roleWords: Record<RoomRole, string | null> = { owner: 'Owner of this room', moderator: 'Moderator of this room', member: null }

/** Somebody's profile: next to what was pressed, or as a sheet on a touch screen or a narrow one. */
function PersonCard({ anchor, onClose, ...props }: PersonCardProps) {
  const [isPopover] = useState(isForMouse)
  const { person: named } = props
  const { data: person, error } = useQuery({
    queryKey: ['person', named.username],
    queryFn: () => props.client.trpc.users.get.query({ username: named.username }),
  })
  const displayName = person?.displayName ?? named.displayName
  const body = <CardBody {...props} person={person} onClose={onClose} failure={error && <FailureLine failure={readFailure(error)} />} />
  if (!isPopover) {
    return (
      <Dialog title={displayName} description={`@${named.username}`} onClose={onClose}>
        <Avatar {...named} displayName={displayName} className="size-14! text-lg!" />
        {body}
      </Dialog>
    )
  }
  return (
    <Beside anchor={anchor} label={`Profile of ${displayName}`} onClose={onClose}>
      <div className="flex items-center gap-3">
        <Avatar {...named} displayName={displayName} className="size-14! text-lg!" />
        <div className="min-w-0 flex-1 leading-tight">
          <h2 className="font-semibold text-base [overflow-wrap:anywhere]">
            <bdi>{displayName}</bdi>
          </h2>
          <p className="text-faint text-sm [overflow-wrap:anywhere]">@{named.username}</p>
        </div>
      </div>
      {body}
    </Beside>
  )
}

function Beside({ anchor, label, onClose, children }: { anchor: HTMLElement; label: string; onClose(): void; children: ReactNode }) {
  const returnFocus = useReturnFocus()
  // What was pressed may be scrolled out of the list, and with it the place where the card belongs.
  useEffect(() => {
    const log = anchor.closest('[role="log"]')
    const close = () => anchor.isConnected || onClose()
    log?.addEventListener('scroll', close, { passive: true })
    return () => log?.removeEventListener('scroll', close)
  }, [anchor, onClose])
  return (
    <Popover.Root open onOpenChange={(open) => open || onClose()}>
      <Popover.Anchor virtualRef={{ current: anchor }} />
      <Popover.Portal>
        <Popover.Content
          aria-label={label}
          side="right"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          onCloseAutoFocus={returnFocus}
          className="menu z-20 w-72 max-w-[calc(100vw-1rem)] rounded-l border border-line bg-raised p-4 shadow-high outline-none"
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

type CardBodyProps = Omit<PersonCardProps, 'anchor' | 'person'> & { person: Person | undefined; failure: ReactNode }

function CardBody({ client, person, room, me, presence, failure, onOpenRoom, onMention, onClose }: CardBodyProps) {
  const act = useAct()
  const role = useRoomRole(client, room, person?.username)
  if (!person) return failure || <p className="late py-3 text-soft text-sm">Loading…</p>
  const { username, status, timeZone } = person
  const isMe = username === me
  const here = presence?.get(username)
  const roles = [person.role === 'admin' && 'Admin of this server', role && roleWords[role]].filter(Boolean)

  function message() {
    void act.run(async () => {
      const { id } = await client.trpc.rooms.direct.mutate({ usernames: [username] })
      onClose()
      onOpenRoom(id)
    })
  }

  return (
    <>
      <div className="mt-3 space-y-0.5 text-sm empty:hidden">
        {here && (
          <p className="flex items-center gap-1.5 text-soft">
            <PresenceDot state={here.state} />
            {presenceWords(here)}
          </p>
        )}
        {roles.map((words) => (
          <p key={String(words)} className="text-soft">
            {words}
          </p>
        ))}
        {isMe && <p className="text-faint">This is you.</p>}
      </div>
      {status && (
        <p dir="auto" className="mt-3 text-sm [overflow-wrap:anywhere]">
          {status}
        </p>
      )}
      {timeZone && <LocalTime timeZone={timeZone} />}
      <FailureLine failure={act.failure} className="mt-3" />
      {!isMe && (
        <div className="mt-4 flex gap-2">
          <Button pending={act.pending} onClick={message} className="flex-1">
            <MessageSquare aria-hidden="true" className="size-4" />
            Message
          </Button>
          {room?.archivedAt === null && (
            <Button
              look="outline"
              onClick={() => {
                onMention()
                onClose()
              }}
              className="flex-1"
            >
              <AtSign aria-hidden="true" className="size-4" />
              Mention
            </Button>
          )}
        </div>
      )}
    </>
  )
}

function LocalTime({ timeZone }: { timeZone: string }) {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 10_000)
    return () => clearInterval(timer)
  }, [])
  const words = localTimeWords(timeZone, now)
  if (!words) return null
  return (
    <p className="mt-3 flex items-center gap-1.5 text-soft text-sm">
      <Clock aria-hidden="true" className="size-4 shrink-0 text-faint" />
      <span>
        <span className="sr-only">Local time: </span>
        {words}
      </span>
    </p>
  )
}

/** Somebody's role in the room that is shown; null while it is unknown. */
function useRoomRole(client: Chat, room: Room | undefined, username: string | undefined): RoomRole | null {
  const { data } = useQuery({
    queryKey: ['members', room?.id, 'role', username],
    queryFn: async () => {
      const { members } = await client.trpc.rooms.members.query({ room: room?.id ?? '', query: username ?? '' })
      return members.find(({ user }) => user.username === username)?.role ?? null
    },
    enabled: room !== undefined && room.kind !== 'direct' && username !== undefined,
  })
  return data ?? null
}

export default withQueries(PersonCard)
