import { ShieldCheck, UsersRound } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { ChatClient, Room } from '../../sdk'
import { useAct } from '../ui/act'
import { Button } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { Dialog } from '../ui/dialog'
import { FailureLine } from '../ui/failure-line'
import { Field } from '../ui/field'
import { RadioCards } from '../ui/radio-cards'
import { SelectField } from '../ui/select-field'
import { changesOf } from './room-changes'
import { rightsIn } from './room-rights'
import { slowModeOptions } from './slow-mode'

const policies = [
  { value: 'everyone', Icon: UsersRound, label: 'Everyone', hint: 'Every member may write.' },
  { value: 'moderators', Icon: ShieldCheck, label: 'Moderators', hint: 'The others read.' },
] as const

/** What moderators change of a room; owners can also put it into the archive. */
export default function RoomSettings({ client, room, onClose }: { client: ChatClient; room: Room; onClose(): void }) {
  const { pending, failure, run } = useAct()
  const [archives, setArchives] = useState(false)

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const change = changesOf(room, new FormData(event.currentTarget))
    if (Object.keys(change).length === 0) return onClose()
    if (await run(() => client.rooms.update.mutate({ room: room.id, ...change }))) onClose()
  }

  if (archives) {
    return (
      <ConfirmDialog
        title={`Archive ${room.name}?`}
        description="Nobody can write in it any more, and it leaves everybody’s list. Who has its address can still read it, and an owner can restore it there."
        confirm="Archive room"
        act={() => client.rooms.archive.mutate({ room: room.id, archived: true })}
        onDone={onClose}
        onClose={() => setArchives(false)}
      />
    )
  }
  const fields = failure?.fields ?? {}
  const nameError = fields.name && `The name ${fields.name}.`
  const topicError = fields.topic && `The topic ${fields.topic}.`
  return (
    <Dialog title="Room settings" onClose={onClose}>
      <form onSubmit={save} noValidate className="-mx-5 min-h-0 space-y-4 overflow-y-auto px-5 pb-1">
        <Field label="Name" name="name" dir="auto" autoComplete="off" defaultValue={room.name} error={nameError} />
        <Field label="Topic" name="topic" dir="auto" autoComplete="off" defaultValue={room.topic} error={topicError} />
        <RadioCards legend="Who may write" name="postingPolicy" defaultValue={room.postingPolicy} options={policies} />
        <div>
          <SelectField
            label="Slow mode"
            name="slowModeSeconds"
            defaultValue={String(room.slowModeSeconds)}
            options={slowModeOptions(room.slowModeSeconds)}
          />
          <p className="mt-1.5 text-faint text-sm">How long each member waits between two messages. Moderators do not wait.</p>
        </div>
        {!nameError && !topicError && <FailureLine failure={failure} />}
        <div className="flex flex-wrap items-center justify-end gap-2 pt-1">
          {rightsIn(room).owns && (
            <Button look="quiet" onClick={() => setArchives(true)} className="mr-auto -ml-4 text-danger!">
              Archive room…
            </Button>
          )}
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={pending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
