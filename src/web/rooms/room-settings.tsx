import { ShieldCheck, UsersRound } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Chat, PostingPolicy, Room } from '../../sdk'
import { FailureLine, fieldError, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { Dialog } from '../ui/dialog'
import { Field, RadioCards, SelectField } from '../ui/fields'
import { formatDuration } from '../ui/times'
import { rightsIn } from './room-rights'

const policies = [
  { value: 'everyone', Icon: UsersRound, label: 'Everyone', hint: 'All members can write.' },
  { value: 'moderators', Icon: ShieldCheck, label: 'Moderators', hint: 'Everyone else can only read.' },
] as const

/** The room settings. Owners can also archive the room here. */
export default function RoomSettings({ client, room, onClose }: { client: Chat; room: Room; onClose(): void }) {
  const { pending, failure, run } = useAct()
  const [archives, setArchives] = useState(false)

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const change = changesOf(room, new FormData(event.currentTarget))
    if (Object.keys(change).length === 0) return onClose()
    if (await run(() => client.trpc.rooms.update.mutate({ room: room.id, ...change }))) onClose()
  }

  if (archives) {
    return (
      <ConfirmDialog
        title={`Archive ${room.name}?`}
        description="Nobody will be able to write in it, and it will disappear from everyone's list. Members can still read it at its address, where an owner can restore it."
        confirm="Archive room"
        act={() => client.trpc.rooms.archive.mutate({ room: room.id, archived: true })}
        onDone={onClose}
        onClose={() => setArchives(false)}
      />
    )
  }
  const nameError = fieldError(failure, 'name', 'The name')
  const topicError = fieldError(failure, 'topic', 'The topic')
  return (
    <Dialog title="Room settings" onClose={onClose}>
      <form onSubmit={save} noValidate className="-mx-5 min-h-0 space-y-4 overflow-y-auto px-5 pb-1">
        <Field label="Name" name="name" dir="auto" autoComplete="off" defaultValue={room.name} error={nameError} />
        <Field label="Topic" name="topic" dir="auto" autoComplete="off" defaultValue={room.topic} error={topicError} />
        <RadioCards legend="Who can write" name="postingPolicy" defaultValue={room.postingPolicy} options={policies} />
        <div>
          <SelectField
            label="Slow mode"
            name="slowModeSeconds"
            defaultValue={String(room.slowModeSeconds)}
            options={slowModeOptions(room.slowModeSeconds)}
          />
          <p className="mt-1.5 text-faint text-sm">How long members must wait between messages. Moderators don't have to wait.</p>
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

type Settings = Pick<Room, 'name' | 'topic' | 'postingPolicy' | 'slowModeSeconds'>

/** Only the settings that were changed in the form: someone else may be changing the others. */
export function changesOf(room: Settings, form: FormData): Partial<Settings> {
  const name = String(form.get('name')).trim()
  const topic = String(form.get('topic')).trim()
  const postingPolicy: PostingPolicy = form.get('postingPolicy') === 'moderators' ? 'moderators' : 'everyone'
  const slowModeSeconds = Number(form.get('slowModeSeconds'))
  return {
    ...(name !== room.name && { name }),
    ...(topic !== room.topic && { topic }),
    ...(postingPolicy !== room.postingPolicy && { postingPolicy }),
    ...(slowModeSeconds !== room.slowModeSeconds && { slowModeSeconds }),
  }
}

const offered = [0, 5, 10, 30, 60, 300]

/** The delays to choose from, and the current one if it is another, set through the API. */
export function slowModeOptions(now: number): { value: string; words: string }[] {
  return [...new Set([...offered, now])].sort((a, b) => a - b).map((seconds) => ({ value: String(seconds), words: slowModeWords(seconds) }))
}

const slowModeWords = (seconds: number) => (seconds === 0 ? 'Off' : formatDuration(seconds))
