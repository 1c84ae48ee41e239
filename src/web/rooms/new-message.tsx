import { type FormEvent, useState } from 'react'
import { limits } from '../../contract/rules'
import type { Chat, Room } from '../../sdk'
import { PeoplePicker } from '../people/people-picker'
import type { PersonName } from '../people/people-search'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { withQueries } from '../ui/queries'

interface NewMessageProps {
  client: Chat
  me: string
  onOpened(room: Room): Promise<void>
  onClose(): void
}

/** Picks one or more people, and opens the direct room of exactly these people. */
function NewMessage({ client, me, onOpened, onClose }: NewMessageProps) {
  const [picked, setPicked] = useState<readonly PersonName[]>([])
  const { pending, failure, run } = useAct()

  async function open(event: FormEvent) {
    event.preventDefault()
    if (picked.length === 0) return
    await run(async () => onOpened(await client.trpc.rooms.direct.mutate({ usernames: picked.map(({ username }) => username) })))
  }

  return (
    <Dialog title="New message" description="Only the people you choose can see it. Nobody can be added later." onClose={onClose}>
      <form onSubmit={open} className="flex min-h-0 flex-col gap-4">
        <PeoplePicker
          client={client}
          label="To"
          hint="One person or more."
          picked={picked}
          onPick={setPicked}
          exclude={[me]}
          limit={limits.directPeople}
        />
        <FailureLine failure={failure} />
        <div className="flex justify-end gap-2 pt-1">
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={pending} disabled={picked.length === 0}>
            Open
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export default withQueries(NewMessage)
