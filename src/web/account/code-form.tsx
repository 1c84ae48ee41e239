'use client'

import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'
import { Field } from '../ui/fields'
import type { AccountFailure } from './account-failure'
import { leaveSignedIn, usePostedForm } from './posted-form'

interface CodeFormProps {
  /** The failure of a form that was posted without JavaScript. */
  failure: AccountFailure | null
  /** Where to go after signing in: a path on this site. */
  next: string
}

const route = '/api/login/second-factor'

/** The second step of signing in. The ticket from the first is in a cookie. */
export function CodeForm({ failure: initialFailure, next }: CodeFormProps) {
  const { form, failure, pending, onSubmit } = usePostedForm(route, {
    failure: initialFailure,
    onAccepted: () => leaveSignedIn(next),
    leadsTo: ({ code }) =>
      code === 'SIGN_IN_EXPIRED' ? `/login?${new URLSearchParams({ error: code, ...(next !== '/' && { next }) })}` : null,
  })
  return (
    <form ref={form} method="post" action={route} onSubmit={onSubmit} className="space-y-4">
      {next !== '/' && <input type="hidden" name="next" value={next} />}
      {!failure?.fields.code && <FailureLine failure={failure} />}
      <Field
        label="Code"
        name="code"
        required
        autoFocus
        autoComplete="one-time-code"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={64}
        hint="Six digits from your app, or a recovery code"
        error={failure?.fields.code}
      />
      <Button type="submit" pending={pending} className="w-full md:min-h-10">
        Sign in
      </Button>
    </form>
  )
}
