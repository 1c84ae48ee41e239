import { Crown, UserRound, UserRoundMinus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { AdminPerson, ResetLink } from '../../../contract/admin'
import type { Chat } from '../../../sdk'
import { FailureLine, useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { ConfirmDialog } from '../../ui/confirm-dialog'
import { Dialog } from '../../ui/dialog'
import { RadioCards } from '../../ui/fields'
import { NewLink } from '../../ui/new-link'
import { formatUntil } from '../../ui/times'
import { TypedName } from '../typed-name'

export type PersonAct = 'role' | 'resetLink' | 'removeSecondFactors' | 'endSessions' | 'disable' | 'enable' | 'delete'

interface PersonActDialogProps {
  client: Chat
  person: AdminPerson
  act: PersonAct
  isMe: boolean
  /** With what was done, in words. */
  onDone(words: string): void
  /** Whatever the server answered. */
  onAnswer(): void
  onClose(): void
}

/** Asks before an act on somebody's account. */
export function PersonActDialog({ act, ...props }: PersonActDialogProps) {
  const { client, person, onDone, onAnswer, onClose } = props
  const { username, displayName: name } = person
  const [typedRight, setTypedRight] = useState(false)

  async function run(call: Promise<unknown>, words: string) {
    try {
      await call
      onDone(words)
    } finally {
      onAnswer()
    }
  }

  switch (act) {
    case 'role':
      return <RoleDialog {...props} />
    case 'resetLink':
      return <ResetLinkDialog {...props} />
    case 'removeSecondFactors':
      return (
        <ConfirmDialog
          title={`Let ${name} sign in with the password alone?`}
          description="Turns off two-step sign-in and removes all their passkeys. Do this only if you are sure that it is really them who is asking. If they don't know their password either, give them a reset link as well."
          confirm="Remove second factors"
          act={() => run(client.trpc.admin.removeSecondFactors.mutate({ username }), `${name} can sign in with the password alone.`)}
          onDone={onClose}
          onClose={onClose}
        />
      )
    case 'endSessions':
      return (
        <ConfirmDialog
          title={`Sign ${name} out everywhere?`}
          description="All their sessions end right away, on every device. They can sign in again."
          confirm="Sign out everywhere"
          act={() => run(client.trpc.admin.endSessions.mutate({ username }), `${name} was signed out everywhere.`)}
          onDone={onClose}
          onClose={onClose}
        />
      )
    case 'disable':
      return (
        <ConfirmDialog
          title={`Disable ${name}'s account?`}
          description="They're signed out everywhere right away, and can't sign in until you enable the account again. Their messages and rooms stay as they are. Their invitation links stop working."
          confirm="Disable account"
          act={() => run(client.trpc.admin.disable.mutate({ username }), `${name}'s account is disabled.`)}
          onDone={onClose}
          onClose={onClose}
        />
      )
    case 'enable':
      return (
        <ConfirmDialog
          title={`Enable ${name}'s account?`}
          description="They can sign in again, with the password they had."
          confirm="Enable account"
          look="primary"
          act={() => run(client.trpc.admin.enable.mutate({ username }), `${name}'s account is enabled.`)}
          onDone={onClose}
          onClose={onClose}
        />
      )
    case 'delete':
      return (
        <ConfirmDialog
          title={`Delete ${name}'s account?`}
          description="You can't undo this. To keep somebody out for a while, disable their account instead."
          confirm="Delete account"
          isReady={typedRight}
          act={() => run(client.trpc.admin.deletePerson.mutate({ username }), `${name}'s account was deleted.`)}
          onDone={onClose}
          onClose={onClose}
        >
          <ul className="list-disc space-y-1.5 pl-5 text-sm marker:text-faint">
            <li>
              <b className="font-medium">Deleted:</b> their name, status, picture, password, passkeys, sessions and settings, and their
              place in every room. Someone else may take the username.
            </li>
            <li>
              <b className="font-medium">Stays:</b> their messages, under the name Deleted user, and the direct conversations of the people
              they wrote with. Rooms that only they owned get another owner.
            </li>
            <li>
              <b className="font-medium">Stays:</b> what they did in the audit log, without their name.
            </li>
          </ul>
          <TypedName name={username} onRight={setTypedRight} />
        </ConfirmDialog>
      )
  }
}

const roles = [
  { value: 'member', Icon: UserRound, label: 'Member', hint: 'Finds people and public rooms, and creates rooms.' },
  { value: 'guest', Icon: UserRoundMinus, label: 'Guest', hint: 'Only sees the rooms they were added to, and the people in them.' },
  { value: 'admin', Icon: Crown, label: 'Admin', hint: 'Can do everything on these pages, and moderates every public room.' },
] as const

type HumanRole = (typeof roles)[number]['value']

function RoleDialog({ client, person, isMe, onDone, onAnswer, onClose }: Omit<PersonActDialogProps, 'act'>) {
  const { pending, failure, run } = useAct()
  const { username, displayName: name } = person

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const role = String(new FormData(event.currentTarget).get('role')) as HumanRole
    if (role === person.role) return onClose()
    const isSaved = await run(() => client.trpc.admin.setRole.mutate({ username, role }))
    onAnswer()
    if (!isSaved) return
    onDone(`${name} is now ${role === 'admin' ? 'an admin' : `a ${role}`}.`)
    onClose()
  }

  return (
    <Dialog
      title={`Role of ${name}`}
      {...(isMe && { description: "This is your own account. If you stop being an admin, you can't open these pages any more." })}
      onClose={onClose}
    >
      <form onSubmit={save} className="space-y-4">
        <RadioCards legend="Role on this server" name="role" defaultValue={person.role} options={roles} columns={1} />
        <FailureLine failure={failure} />
        <div className="flex justify-end gap-2 pt-1">
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={pending}>
            Change role
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function ResetLinkDialog({ client, person, onAnswer, onClose }: Omit<PersonActDialogProps, 'act'>) {
  const { pending, failure, run } = useAct()
  const [link, setLink] = useState<ResetLink | null>(null)
  const { username, displayName: name } = person

  async function create() {
    await run(async () => setLink(await client.trpc.admin.resetLink.mutate({ username })))
    onAnswer()
  }

  return (
    <Dialog
      title={`Reset ${name}'s password`}
      description="Creates a link with which they can choose a new password. Give it to nobody else: whoever opens it can take over the account."
      onClose={onClose}
    >
      {link ? (
        <NewLink label={`Link for ${name}`} url={link.url} note={`It works once, until ${formatUntil(link.expiresAt)}.`} />
      ) : (
        <p className="text-sm text-soft">
          Their password stays the same until they use the link. Then all their sessions end. An earlier link stops working.
        </p>
      )}
      <FailureLine failure={failure} className="mt-3" />
      <div className="mt-4 flex justify-end gap-2">
        <Button look={link ? 'primary' : 'quiet'} onClick={onClose}>
          {link ? 'Done' : 'Cancel'}
        </Button>
        {!link && (
          <Button pending={pending} onClick={create}>
            Create link
          </Button>
        )}
      </div>
    </Dialog>
  )
}
