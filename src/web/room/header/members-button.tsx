import clsx from 'clsx'
import { UsersRound } from 'lucide-react'
import type { Chat, Room } from '../../../sdk'
import { membershipKeyOf, reloadMembers, useMemberCount, useReloadAfter } from '../../people/member-count'
import type { Presence } from '../../people/presence-dot'

interface MembersButtonProps {
  client: Chat
  room: Room
  isOpen: boolean
  /** Shows who joins and leaves a public room, where no line says so. */
  presence: Presence | undefined
  onToggle(): void
}

/** Shows how many members the room has, and opens or closes the list of them. */
export function MembersButton({ client, room, isOpen, presence, onToggle }: MembersButtonProps) {
  const count = useMemberCount(client, room.id)
  useReloadAfter(`${membershipKeyOf(room)} ${presence?.size}`, 1_000, () => reloadMembers(room.id))
  const label = count === 1 ? '1 member' : `${count?.toLocaleString() ?? ''} members`.trim()
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-label={`Show ${label}`}
      title={label}
      onClick={onToggle}
      className={clsx(
        'inline-flex min-h-11 min-w-11 shrink-0 items-center justify-center gap-1.5 rounded-m px-2 text-sm tabular-nums transition-colors duration-(--swift) hover:bg-hover hover:text-ink mouse:min-h-8 mouse:min-w-8',
        isOpen ? 'bg-selected text-ink' : 'text-soft',
      )}
    >
      <UsersRound aria-hidden="true" className="size-[1.125rem]" />
      {count?.toLocaleString()}
    </button>
  )
}
