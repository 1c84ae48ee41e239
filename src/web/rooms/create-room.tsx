import clsx from 'clsx'
import { Hash, Lock } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { type ChatClient, type ChatFailure, type Room, readFailure } from '../../sdk'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'

const kinds = [
  { kind: 'public', Icon: Hash, label: 'Public', hint: 'Anybody here can find and join it.' },
  { kind: 'private', Icon: Lock, label: 'Private', hint: 'Only who is invited sees it.' },
] as const

export default function CreateRoom({ client, onCreated, onClose }: { client: ChatClient; onCreated(room: Room): void; onClose(): void }) {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const fields = new FormData(form)
    setPending(true)
    try {
      const room = await client.rooms.create.mutate({
        name: String(fields.get('name')),
        kind: fields.get('kind') === 'private' ? 'private' : 'public',
        topic: String(fields.get('topic')),
      })
      onCreated(room)
    } catch (error) {
      setFailure(readFailure(error))
      setPending(false)
      form.querySelector('input')?.focus()
    }
  }

  const fields = failure?.fields ?? {}
  const nameError = failure?.name === 'ROOM_NAME_TAKEN' ? failure.words : fields.name && `The name ${fields.name}.`
  const topicError = fields.topic && `The topic ${fields.topic}.`
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <form onSubmit={create} noValidate className="space-y-4">
        <Field label="Name" name="name" required dir="auto" autoComplete="off" placeholder="garden-plans" error={nameError} />
        <fieldset>
          <legend className="mb-1 font-medium text-sm">Who can see it</legend>
          <div className="grid gap-2 md:grid-cols-2">
            {kinds.map(({ kind, Icon, label, hint }) => (
              <label
                key={kind}
                className={clsx(
                  'flex gap-2.5 rounded-m border border-line p-3 text-sm transition-colors hover:bg-hover',
                  'has-checked:border-accent has-checked:bg-accent-soft has-checked:ring-1 has-checked:ring-accent',
                  'has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2',
                )}
              >
                <input type="radio" name="kind" value={kind} defaultChecked={kind === 'public'} aria-label={label} className="sr-only" />
                <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
                <span>
                  <span className="block font-medium">{label}</span>
                  <span className="text-soft">{hint}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <Field label="Topic (optional)" name="topic" dir="auto" autoComplete="off" error={topicError} />
        {failure && !nameError && !topicError && (
          <p role="alert" className="text-danger text-sm">
            {failure.words}
          </p>
        )}
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
