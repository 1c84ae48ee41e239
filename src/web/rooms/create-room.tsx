import { Hash, Lock } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Chat, Room } from '../../sdk'
import { PeoplePicker } from '../people/people-picker'
import type { PersonName } from '../people/people-search'
import { FailureLine, fieldError, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field, RadioCards } from '../ui/fields'
import { withQueries } from '../ui/queries'

const kinds = [
  { value: 'public', Icon: Hash, label: 'Public', hint: 'Anyone on this server can find and join it.' },
  { value: 'private', Icon: Lock, label: 'Private', hint: 'Only invited people can see it.' },
] as const

interface CreateRoomProps {
  client: Chat
  me: string
  onCreated(room: Room): Promise<void>
  onClose(): void
}

function CreateRoom({ client, me, onCreated, onClose }: CreateRoomProps) {
  const [members, setMembers] = useState<readonly PersonName[]>([])
  const { pending, failure, run } = useAct()

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const fields = new FormData(form)
    const isCreated = await run(async () => {
      const room = await client.trpc.rooms.create.mutate({
        name: String(fields.get('name')),
        kind: fields.get('kind') === 'private' ? 'private' : 'public',
        topic: String(fields.get('topic')),
        members: members.map(({ username }) => username),
      })
      await onCreated(room)
    })
    if (!isCreated) form.querySelector('input')?.focus()
  }

  const nameError = failure?.name === 'ROOM_NAME_TAKEN' ? failure.words : fieldError(failure, 'name', 'The name')
  const topicError = fieldError(failure, 'topic', 'The topic')
  const membersError =
    failure?.name === 'USER_NOT_FOUND' ? "Some of these people don't have an account here. Remove them and try again." : undefined
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <form onSubmit={create} noValidate className="-mx-5 min-h-0 space-y-4 overflow-y-auto px-5 pb-1">
        <Field label="Name" name="name" required dir="auto" autoComplete="off" placeholder="garden-plans" error={nameError} />
        <RadioCards legend="Who can see it" name="kind" defaultValue="public" options={kinds} />
        <Field label="Topic (optional)" name="topic" dir="auto" autoComplete="off" error={topicError} />
        <PeoplePicker client={client} label="People (optional)" error={membersError} picked={members} onPick={setMembers} exclude={[me]} />
        {!nameError && !topicError && !membersError && <FailureLine failure={failure} />}
        <div className="flex justify-end gap-2 pt-1">
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={pending}>
            Create room
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export default withQueries(CreateRoom)
