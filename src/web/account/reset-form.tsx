'use client'

import { limits } from '../../contract/rules'
import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'
import { Field } from '../ui/fields'
import type { AccountFailure } from './account-failure'
import { usePostedForm } from './posted-form'

/** The form for choosing a new password with an admin's link. Without JavaScript, the browser posts it by itself. */
export function ResetForm({ token, failure: initialFailure }: { token: string; failure: AccountFailure | null }) {
  const { form, failure, pending, onSubmit } = usePostedForm('/api/reset', {
    failure: initialFailure,
    onAccepted: async () => {
      location.assign('/login?notice=reset')
      return null
    },
  })
  const passwordError = failure?.fields.password
  return (
    <form ref={form} method="post" action="/api/reset" onSubmit={onSubmit} className="space-y-4">
      {!passwordError && <FailureLine failure={failure} />}
      <input type="hidden" name="token" value={token} />
      <Field
        label="New password"
        name="password"
        type="password"
        required
        autoComplete="new-password"
        hint={`At least ${limits.password.min} characters`}
        error={passwordError}
      />
      <Button type="submit" pending={pending} className="w-full md:min-h-10">
        Save the new password
      </Button>
    </form>
  )
}
