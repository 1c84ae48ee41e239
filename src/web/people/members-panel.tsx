import clsx from 'clsx'
import { useState } from 'react'
import { limits } from '../../contract/rules'
import type { Chat, Member, Room } from '../../sdk'
import { SidePanelFrame } from '../room/side-panel'
import { rightsIn } from '../rooms/room-rights'
import { FailureLine, useAct } from '../ui/act'
import { useDebounced } from '../ui/debounced'
import { SearchField } from '../ui/fields'
import { useWideScreen } from '../ui/media'
import { withQueries } from '../ui/queries'
import { BannedList } from './banned-list'
import { ConfirmAct, type MemberAct, needsConfirmation, runMemberAct, type UnconfirmedAct } from './member-acts'
import { reloadMembers, useReloadAfter } from './member-count'
import { MemberList } from './member-list'
import { useMemberPages } from './members'
import type { Presence } from './presence-dot'

interface MembersPanelProps {
  client: Chat
  room: Room
  /** The viewer's username. */
  me: string
  presence?: Presence
  onOpenRoom(room: string): void
  onClose(): void
}

/** A room's members. */
function MembersPanel({ room, onOpenRoom, onClose, ...props }: MembersPanelProps) {
  const [shown, setShown] = useState<{ room: string; tab: PeopleTab }>({ room: room.id, tab: 'members' })
  const { moderates } = rightsIn(room)
  const tab = moderates && shown.room === room.id ? shown.tab : 'members'
  const isWide = useWideScreen()

  function leaveFor(to: string) {
    if (!isWide) onClose()
    onOpenRoom(to)
  }

  return (
    <SidePanelFrame
      title={room.kind === 'direct' ? 'People' : 'Members'}
      head={moderates && <PanelTabs tab={tab} onTab={(next) => setShown({ room: room.id, tab: next })} />}
      closeLabel="Close members"
      onClose={onClose}
    >
      {tab === 'banned' ? (
        <BannedList client={props.client} room={room.id} />
      ) : (
        <Panel key={room.id} {...props} room={room} onOpenRoom={leaveFor} />
      )}
    </SidePanelFrame>
  )
}

function Panel({ client, room, me, presence, onOpenRoom }: Omit<MembersPanelProps, 'onClose'>) {
  const [query, setQuery] = useState('')
  const [unconfirmed, setUnconfirmed] = useState<UnconfirmedAct | null>(null)
  const { failure, run } = useAct()
  const members = useMemberPages(client, room.id, useDebounced(query.trim()))
  const reload = () => reloadMembers(room.id)
  // The author of a new message may be a new member. Other changes are noticed by the button that opened this panel.
  useReloadAfter(`${room.lastSeq}`, 10_000, reload)

  async function act(member: Member, wantedAct: MemberAct) {
    if (needsConfirmation(wantedAct, member, me)) return setUnconfirmed({ member, act: wantedAct })
    await run(async () => {
      const to = await runMemberAct(client, room.id, member, wantedAct)
      if (to !== null) onOpenRoom(to)
    })
    reload()
  }

  return (
    <>
      {room.kind !== 'direct' && (
        <SearchField
          label="Search members"
          value={query}
          maxLength={limits.peopleQuery}
          onValue={setQuery}
          className="mx-3 mb-1 shrink-0"
        />
      )}
      <FailureLine failure={failure} className="mx-3 mt-1" />
      <MemberList {...members} query={query.trim()} room={room} me={me} presence={presence} onAct={act} />
      {unconfirmed && (
        <ConfirmAct
          client={client}
          room={room}
          {...unconfirmed}
          onDone={() => {
            setUnconfirmed(null)
            reload()
          }}
          onClose={() => setUnconfirmed(null)}
        />
      )}
    </>
  )
}

export type PeopleTab = 'members' | 'banned'

const words: Record<PeopleTab, string> = { members: 'Members', banned: 'Banned' }

/** For moderators: switches between the members and the banned people. */
export function PanelTabs({ tab, onTab }: { tab: PeopleTab; onTab(tab: PeopleTab): void }) {
  return (
    <div className="flex min-w-0 flex-1 flex-wrap gap-1">
      {(['members', 'banned'] as const).map((which) => (
        <button
          key={which}
          type="button"
          aria-pressed={tab === which}
          onClick={() => onTab(which)}
          className={clsx(
            'min-h-11 max-w-full truncate rounded-m px-2.5 text-base transition-colors duration-(--swift) mouse:min-h-8',
            tab === which ? 'bg-selected font-semibold' : 'text-soft hover:bg-hover hover:text-ink',
          )}
        >
          {words[which]}
        </button>
      ))}
    </div>
  )
}

export default withQueries(MembersPanel)
