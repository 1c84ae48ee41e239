import type { FormEvent } from 'react'
import type { Chat } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'
import type { Visitor } from './visitor'

interface DeleteAccountProps {
  client: Chat
  visitor: Pick<Visitor, 'id' | 'username'>
  onDeleting(): void
}

export function DeleteAccount({ client, visitor, onDeleting }: DeleteAccountProps) {
  const { pending, failure, run } = useAct()
  const form = useInvalidFocus(failure)

  async function destroy(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const password = String(new FormData(event.currentTarget).get('password'))
    const deleted = await run(() => client.trpc.users.deleteAccount.mutate({ password }))
    if (!deleted) return
    onDeleting()
    // Clears the cookie of the session that has just ended.
    await fetch('/api/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: visitor.id }),
    }).catch(() => null)
    location.assign('/login')
  }

  const passwordError = failure?.name === 'WRONG_PASSWORD' ? failure.words : undefined
  return (
    <form ref={form} noValidate onSubmit={destroy} className="space-y-4">
      <ul className="list-disc space-y-1.5 pl-5 text-sm marker:text-faint">
        <li>You'll be signed out everywhere and removed from every room.</li>
        <li>Your name, status and picture will be deleted. Someone else may take your username.</li>
        <li>
          Your messages will stay, under the name <b className="font-medium">Deleted user</b>. People keep the direct conversations they had
          with you.
        </li>
        <li>You can't undo this.</li>
      </ul>
      <input type="text" name="username" autoComplete="username" value={visitor.username} readOnly hidden />
      <Field label="Your password" name="password" type="password" required autoComplete="current-password" error={passwordError} />
      {!passwordError && <FailureLine failure={failure} />}
      <div className="flex justify-end">
        <Button type="submit" look="danger" pending={pending}>
          Delete my account
        </Button>
      </div>
    </form>
  )
}
