import { Pencil, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Chat, Passkey } from '../../sdk'
import { FailureLine, fieldError, useAct } from '../ui/act'
import { Button, IconButton } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'
import { timeAgo } from '../ui/times'

interface PasskeyListProps {
  client: Chat
  passkeys: readonly Passkey[]
  onRemove(passkey: Passkey): void
  onChange(): unknown
}

export function PasskeyList({ client, passkeys, onRemove, onChange }: PasskeyListProps) {
  const [renaming, setRenaming] = useState<string | null>(null)
  if (passkeys.length === 0) return null
  return (
    <ul className="divide-y divide-line rounded-m border border-line">
      {passkeys.map((passkey) => (
        <li key={passkey.id} className="px-3 py-1.5">
          {renaming === passkey.id ? (
            <RenamePasskey client={client} passkey={passkey} onChange={onChange} onDone={() => setRenaming(null)} />
          ) : (
            <div className="flex items-center gap-1">
              <div className="min-w-0 flex-1">
                <bdi className="block truncate font-medium text-sm">{passkey.name}</bdi>
                <p className="text-soft text-sm">
                  Added {timeAgo(passkey.created)}
                  {passkey.lastUsed && `, used ${timeAgo(passkey.lastUsed)}`}
                </p>
              </div>
              <IconButton label={`Rename ${passkey.name}`} onClick={() => setRenaming(passkey.id)}>
                <Pencil />
              </IconButton>
              <IconButton label={`Remove ${passkey.name}`} onClick={() => onRemove(passkey)}>
                <Trash2 />
              </IconButton>
            </div>
          )}
        </li>
      ))}
    </ul>
  )
}

interface RenamePasskeyProps {
  client: Chat
  passkey: Passkey
  onChange(): unknown
  onDone(): void
}

function RenamePasskey({ client, passkey, onChange, onDone }: RenamePasskeyProps) {
  const { pending, failure, run } = useAct()
  const form = useInvalidFocus(failure)
  const nameError = fieldError(failure, 'name', 'The name')

  function rename(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name'))
    void run(async () => {
      await client.trpc.security.renamePasskey.mutate({ id: passkey.id, name })
      await onChange()
      onDone()
    })
  }

  return (
    <form ref={form} noValidate onSubmit={rename} className="space-y-2 py-1.5">
      <Field label="Name" name="name" dir="auto" autoFocus required autoComplete="off" defaultValue={passkey.name} error={nameError} />
      {!nameError && <FailureLine failure={failure} />}
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={onDone}>
          Cancel
        </Button>
        <Button type="submit" pending={pending}>
          Rename
        </Button>
      </div>
    </form>
  )
}
