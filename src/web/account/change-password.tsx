import { type FormEvent, useEffect, useRef, useState } from 'react'
import { limits } from '../../contract/rules'
import type { ChatClient } from '../../sdk'
import { Done, FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field } from '../ui/fields'

/** A new password, which ends every other session. */
export function ChangePassword({ client, username }: { client: ChatClient; username: string }) {
  const { pending, failure, run } = useAct()
  const [done, setDone] = useState<string | null>(null)
  const form = useRef<HTMLFormElement>(null)

  useEffect(() => {
    if (failure) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [failure])

  async function change(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    setDone(null)
    const changed = await run(() =>
      client.users.changePassword.mutate({ current: String(fields.get('current')), password: String(fields.get('password')) }),
    )
    if (!changed) return
    form.current?.reset()
    setDone(`Changed. ${describeRevoked(changed.revoked)}`)
  }

  const currentError = failure?.name === 'WRONG_PASSWORD' ? failure.words : undefined
  const newError = failure?.fields?.password && `The new password ${failure.fields.password}.`
  return (
    <form ref={form} noValidate onSubmit={change} className="space-y-4">
      {/* For password managers, which would else not know whose it is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <Field label="Current password" name="current" type="password" required autoComplete="current-password" error={currentError} />
      <Field
        label="New password"
        name="password"
        type="password"
        required
        autoComplete="new-password"
        hint={`${limits.password.min} characters or more`}
        error={newError}
      />
      <p className="text-soft text-sm">You stay signed in here. Everywhere else you are signed out.</p>
      {!currentError && !newError && <FailureLine failure={failure} />}
      <div className="flex items-center gap-3">
        <Done>{done}</Done>
        <Button type="submit" pending={pending}>
          Change password
        </Button>
      </div>
    </form>
  )
}

/** How many other sessions were ended. */
export function describeRevoked(revoked: number): string {
  if (revoked === 0) return 'You were signed in nowhere else.'
  return `Signed out ${revoked === 1 ? 'one other session' : `${revoked} other sessions`}.`
}
