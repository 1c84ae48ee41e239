import clsx from 'clsx'
import { X } from 'lucide-react'
import { useState } from 'react'
import { limits } from '../../contract/rules'
import type { ChatClient, Member, Room } from '../../sdk'
import { rightsIn } from '../rooms/room-rights'
import { FailureLine, useAct } from '../ui/act'
import { IconButton } from '../ui/button'
import { useDebounced } from '../ui/debounced'
import { Drawer } from '../ui/dialog'
import { SearchField } from '../ui/fields'
import { useWideScreen } from '../ui/media'
import { BannedList } from './banned-list'
import { ConfirmAct, type MemberAct, needsConfirmation, runMemberAct, type UnconfirmedAct } from './member-acts'
import { MemberList } from './member-list'
import { useMembers, useReloadAfter, useReloadMembers } from './members'
import type { Presence } from './presence-dot'

interface MembersPanelProps {
  client: ChatClient
  room: Room
  /** The viewer's username. */
  me: string
  presence?: Presence
  onOpenRoom(room: string): void
  onClose(): void
}

/** A room's members: next to the messages on a wide screen, in a drawer on a narrow one. */
export default function MembersPanel(props: MembersPanelProps) {
  if (useWideScreen()) {
    return (
      <aside aria-label="Members" className="flex w-72 shrink-0 flex-col border-line border-l">
        <Panel key={props.room.id} {...props} />
      </aside>
    )
  }
  function leaveFor(room: string) {
    props.onClose()
    props.onOpenRoom(room)
  }
  return (
    <Drawer title="Members" side="right" onClose={props.onClose}>
      <Panel key={props.room.id} {...props} onOpenRoom={leaveFor} />
    </Drawer>
  )
}

function Panel({ client, room, me, presence, onOpenRoom, onClose }: MembersPanelProps) {
  const [query, setQuery] = useState('')
  const [tab, setTab] = useState<PeopleTab>('members')
  const [unconfirmed, setUnconfirmed] = useState<UnconfirmedAct | null>(null)
  const { failure, run } = useAct()
  const members = useMembers(client, room.id, useDebounced(query.trim()))
  const reload = useReloadMembers(room.id)
  // The author of a new message may be a new member. Other changes are noticed by the button that opened this panel.
  useReloadAfter(`${room.lastSeq}`, 10_000, reload)
  const { moderates } = rightsIn(room)
  const isDirect = room.kind === 'direct'

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
      <div className="flex shrink-0 items-center gap-1 pt-2 pr-2 pb-1 pl-2">
        {moderates ? (
          <PanelTabs tab={tab} onTab={setTab} />
        ) : (
          <h2 className="flex-1 px-2 font-semibold text-base">{isDirect ? 'People' : 'Members'}</h2>
        )}
        <IconButton label="Close members" onClick={onClose}>
          <X />
        </IconButton>
      </div>
      {moderates && tab === 'banned' ? (
        <BannedList client={client} room={room.id} />
      ) : (
        <>
          {!isDirect && (
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
        </>
      )}
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
