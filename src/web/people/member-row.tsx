import { VolumeX } from 'lucide-react'
import type { Member, PersonPresence, Room } from '../../sdk'
import { Avatar } from '../ui/avatar'
import { type MemberAct, memberChoices } from './member-acts'
import { MemberMenu } from './member-menu'
import { PersonButton } from './person-button'
import { PresenceDot, presenceWords } from './presence-dot'

interface MemberRowProps {
  member: Member
  room: Room
  me: string
  presence: PersonPresence | null
  onAct(act: MemberAct): void
}

export function MemberRow({ member, room, me, presence, onAct }: MemberRowProps) {
  const { user, status, mutedUntil } = member
  const isMe = user.username === me
  return (
    <li className="group flex min-h-12 items-center gap-2.5 rounded-m pl-2 hover:bg-hover">
      <span className="relative shrink-0">
        <Avatar {...user} className="size-8! text-xs!" />
        <PresenceDot
          state={presence?.state ?? null}
          title={presenceWords(presence ?? undefined)}
          className="absolute -right-0.5 -bottom-0.5"
        />
      </span>
      <span className="min-w-0 flex-1 leading-tight">
        <span className="flex items-center gap-1 text-sm">
          {/* For a finger it is as high as the row. */}
          <PersonButton
            person={user}
            className="relative -mt-1.5 -mb-4 min-w-10 truncate rounded-s pt-1.5 pb-4 text-start font-medium hover:underline mouse:my-0 mouse:min-w-0 mouse:py-0"
          >
            <bdi>{user.displayName}</bdi>
          </PersonButton>
          {isMe && <span className="shrink-0 text-faint">(you)</span>}
        </span>
        <span className="flex flex-wrap items-center gap-x-1.5 text-faint text-xs">
          <span className="min-w-0 truncate" title={status || undefined}>
            @{user.username}
            {status && (
              <>
                {' · '}
                <bdi>{status}</bdi>
              </>
            )}
          </span>
          {mutedUntil && (
            <span className="flex shrink-0 items-center gap-0.5 text-danger" title={`Muted until ${new Date(mutedUntil).toLocaleString()}`}>
              <VolumeX aria-hidden="true" className="size-3" />
              Muted
            </span>
          )}
        </span>
      </span>
      <MemberMenu member={member} me={me} choices={memberChoices(room, member, me)} onAct={onAct} />
    </li>
  )
}
