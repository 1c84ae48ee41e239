import type { Member, Room, RoomRole } from '../../sdk'
import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'
import type { MemberAct } from './member-acts'
import { MemberRow } from './member-row'
import type { MemberPages } from './members'
import type { Presence } from './presence-dot'

const groupWords: Record<RoomRole, string> = { owner: 'Owners', moderator: 'Moderators', member: 'Members' }

interface MemberListProps extends MemberPages {
  query: string
  room: Room
  me: string
  presence: Presence | undefined
  onAct(member: Member, act: MemberAct): void
}

/** The loaded members, grouped by role. */
export function MemberList({ members, hasMore, failure, loadMore, reload, query, room, me, presence, onAct }: MemberListProps) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" aria-busy={members === null}>
      {failure && (
        <div className="space-y-2 px-1 pb-2">
          <FailureLine failure={failure} />
          <Button look="outline" onClick={reload}>
            Try again
          </Button>
        </div>
      )}
      {byRole(members ?? []).map((group) => (
        <section key={group[0]?.role} aria-label={room.kind === 'direct' ? 'People' : groupWords[group[0]?.role ?? 'member']}>
          {room.kind !== 'direct' && (
            <h3 className="px-2 pt-3 pb-1 font-medium text-faint text-xs">{groupWords[group[0]?.role ?? 'member']}</h3>
          )}
          <ul>
            {group.map((member) => (
              <MemberRow
                key={member.user.id}
                member={member}
                room={room}
                me={me}
                presence={presence?.get(member.user.username) ?? null}
                onAct={(act) => onAct(member, act)}
              />
            ))}
          </ul>
        </section>
      ))}
      <p role="status" className="px-2 py-1 text-sm text-soft empty:hidden">
        {members?.length === 0 && (query ? `No members match “${query}”.` : 'No members.')}
      </p>
      {hasMore && (
        <Button look="outline" onClick={loadMore} className="mt-2 w-full">
          Show more people
        </Button>
      )}
    </div>
  )
}

/** The server sorts members by role, so a group ends where the role changes. */
function byRole(members: readonly Member[]): Member[][] {
  const groups: Member[][] = []
  for (const member of members) {
    const last = groups.at(-1)
    if (last?.[0]?.role === member.role) last.push(member)
    else groups.push([member])
  }
  return groups
}
