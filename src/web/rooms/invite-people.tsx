import { Check } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { type Chat, type ChatFailure, type Room, readFailure } from '../../sdk'
import { PeoplePicker } from '../people/people-picker'
import type { PersonName } from '../people/people-search'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { withQueries } from '../ui/queries'
import { InviteLinks } from './invite-links'
import { rightsIn } from './room-rights'

/** Invites people into a room by name or by link. */
function InvitePeople({ client, room, me, onClose }: { client: Chat; room: Room; me: string; onClose(): void }) {
  return (
    <Dialog title={`Invite people to ${room.name}`} onClose={onClose}>
      <div className="-mx-5 min-h-0 overflow-y-auto px-5">
        <InviteByName client={client} room={room.id} me={me} />
        {rightsIn(room).moderates && <InviteLinks client={client} room={room.id} />}
      </div>
    </Dialog>
  )
}

function InviteByName({ client, room, me }: { client: Chat; room: string; me: string }) {
  const [picked, setPicked] = useState<readonly PersonName[]>([])
  const [invited, setInvited] = useState<readonly string[]>([])
  const { pending, failure, run } = useAct()

  function invite(event: FormEvent) {
    event.preventDefault()
    void run(async () => {
      const failed: { person: PersonName; failure: ChatFailure }[] = []
      for (const person of picked) {
        try {
          const member = await client.trpc.rooms.invite.mutate({ room, username: person.username })
          setInvited((names) => [...names, member.user.displayName])
        } catch (error) {
          failed.push({ person, failure: readFailure(error) })
        }
      }
      setPicked(failed.map(({ person }) => person))
      const last = failed.at(-1)
      if (last) throw { ...last.failure, words: `${last.person.displayName}: ${last.failure.words}` }
    })
  }

  return (
    <form onSubmit={invite} className="space-y-3">
      <PeoplePicker
        client={client}
        label="By name"
        hint="They become members right away."
        picked={picked}
        onPick={setPicked}
        exclude={[me]}
        limit={20}
      />
      <FailureLine failure={failure} />
      <div className="flex flex-wrap items-center gap-3">
        <p role="status" className="flex min-w-0 flex-1 items-center gap-1.5 text-sm text-soft">
          {invited.length > 0 && (
            <>
              <Check aria-hidden="true" className="size-4 shrink-0 text-accent" />
              <span className="min-w-0 [overflow-wrap:anywhere]">
                {invited.join(', ')} {invited.length === 1 ? 'is' : 'are'} now in the room.
              </span>
            </>
          )}
        </p>
        <Button type="submit" pending={pending} disabled={picked.length === 0}>
          Invite
        </Button>
      </div>
    </form>
  )
}

export default withQueries(InvitePeople)
