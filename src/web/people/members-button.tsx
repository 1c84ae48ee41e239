import clsx from 'clsx'
import { UsersRound } from 'lucide-react'
import type { ChatClient, Room } from '../../sdk'
import { lineKeyOf, useMembers, useReloadAfter } from './members'

interface MembersButtonProps {
  client: ChatClient
  room: Room
  isOpen: boolean
  onToggle(): void
}

/** How many are in the room; shows and hides who. */
export function MembersButton({ client, room, isOpen, onToggle }: MembersButtonProps) {
  const { members, hasMore, reload } = useMembers(client, room.id)
  useReloadAfter(lineKeyOf(room), 1_000, reload)
  const count = members && `${members.length}${hasMore ? '+' : ''}`
  const label = members?.length === 1 ? '1 member' : `${count ?? ''} members`.trim()
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-label={`Show ${label}`}
      title={label}
      onClick={onToggle}
      className={clsx(
        'inline-flex min-h-11 min-w-11 shrink-0 items-center justify-center gap-1.5 rounded-m px-2 text-sm tabular-nums transition-colors duration-(--swift) hover:bg-hover hover:text-ink md:min-h-8 md:min-w-8',
        isOpen ? 'bg-selected text-ink' : 'text-soft',
      )}
    >
      <UsersRound aria-hidden="true" className="size-[1.125rem]" />
      {count}
    </button>
  )
}
