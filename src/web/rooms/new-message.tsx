import { type FormEvent, useState } from 'react'
import { limits } from '../../contract/rules'
import type { ChatClient, Room } from '../../sdk'
import { PeoplePicker } from '../people/people-picker'
import type { Picked } from '../people/people-search'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'

interface NewMessageProps {
  client: ChatClient
  me: string
  onOpened(room: Room): void
  onClose(): void
}

/** Picks one or several people, and goes to the one room of exactly them. */
export default function NewMessage({ client, me, onOpened, onClose }: NewMessageProps) {
  const [picked, setPicked] = useState<readonly Picked[]>([])
  const { pending, failure, run } = useAct()

  async function open(event: FormEvent) {
    event.preventDefault()
    if (picked.length === 0) return
    const room = await run(() => client.rooms.direct.mutate({ usernames: picked.map(({ username }) => username) }))
    if (room) onOpened(room)
  }

  return (
    <Dialog title="New message" description="Only the people you choose are in it, always." onClose={onClose}>
      <form onSubmit={open} className="flex min-h-0 flex-col gap-4">
        <PeoplePicker
          client={client}
          label="To"
          hint="One person or several."
          picked={picked}
          onPick={setPicked}
          without={[me]}
          most={limits.directPeople}
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
