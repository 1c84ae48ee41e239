import { type FormEvent, useState } from 'react'
import { limits } from '../../contract/rules'
import type { Chat } from '../../sdk'
import { DoneLine, FailureLine, fieldError, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'

/** Changing the password ends all other sessions. */
export function ChangePassword({ client, username }: { client: Chat; username: string }) {
  const { pending, failure, run } = useAct()
  const [done, setDone] = useState<string | null>(null)
  const form = useInvalidFocus(failure)

  function change(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    setDone(null)
    void run(async () => {
      const { revoked } = await client.trpc.users.changePassword.mutate({
        current: String(fields.get('current')),
        password: String(fields.get('password')),
      })
      form.current?.reset()
      setDone(`Password changed. ${describeRevoked(revoked)}`)
    })
  }

  const currentError = failure?.name === 'WRONG_PASSWORD' ? failure.words : undefined
  const newError = fieldError(failure, 'password', 'The new password')
  return (
    <form ref={form} noValidate onSubmit={change} className="space-y-4">
      {/* Password managers need it to know which account this is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <Field label="Current password" name="current" type="password" required autoComplete="current-password" error={currentError} />
      <Field
        label="New password"
        name="password"
        type="password"
        required
        autoComplete="new-password"
        hint={`At least ${limits.password.min} characters. Several unrelated words are easy to remember and hard to guess.`}
        error={newError}
      />
      <p className="text-soft text-sm">You'll stay signed in here and be signed out everywhere else.</p>
      {!currentError && !newError && <FailureLine failure={failure} />}
      <div className="flex items-center gap-3">
        <DoneLine>{done}</DoneLine>
        <Button type="submit" pending={pending}>
          Change password
        </Button>
      </div>
    </form>
  )
}

export function describeRevoked(revoked: number): string {
  if (revoked === 0) return "You weren't signed in anywhere else."
  return `Signed out ${revoked === 1 ? 'one other session' : `${revoked} other sessions`}.`
}
