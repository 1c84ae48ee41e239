'use client'

import { limits } from '../../contract/rules'
import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'
import { Field } from '../ui/fields'
import type { AccountFailure } from './account-failure'
import { leaveSignedIn, usePostedForm } from './posted-form'

interface AccountFormProps {
  action: '/api/login' | '/api/register'
  /** The failure of a form that was posted without JavaScript. */
  failure: AccountFailure | null
  username: string
  /** Where to go after signing in: a path on this site. */
  next: string
  /** What the link to this page carried, for the route. */
  carried?: Record<string, string>
}

/** The form for signing in and registering. Without JavaScript, the browser posts it by itself. */
export function AccountForm({ action, failure: initialFailure, username, next, carried = {} }: AccountFormProps) {
  const { form, failure, pending, onSubmit } = usePostedForm(action, {
    failure: initialFailure,
    onAccepted: () => leaveSignedIn(next),
    leadsTo: ({ code }) => (code === 'SECOND_FACTOR_REQUIRED' ? codePath(next) : null),
  })
  const isNew = action === '/api/register'
  const fieldErrors = failure?.fields ?? {}
  return (
    <form ref={form} method="post" action={action} onSubmit={onSubmit} className="space-y-4">
      {Object.keys(fieldErrors).length === 0 && <FailureLine failure={failure} />}
      {next !== '/' && <input type="hidden" name="next" value={next} />}
      {Object.entries(carried).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <Field
        label="Username"
        name="username"
        required
        defaultValue={username}
        autoComplete="username"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={limits.typedUsername}
        hint={isNew ? 'Lowercase letters, digits, _ . -' : undefined}
        error={fieldErrors.username}
      />
      {isNew && (
        <Field
          label="Display name (optional)"
          name="displayName"
          autoComplete="name"
          dir="auto"
          maxLength={limits.displayName}
          hint="The name others see. Any alphabet works."
          error={fieldErrors.displayName}
        />
      )}
      <Field
        label="Password"
        name="password"
        type="password"
        required
        autoComplete={isNew ? 'new-password' : 'current-password'}
        hint={
          isNew ? `At least ${limits.password.min} characters. Several unrelated words are easy to remember and hard to guess.` : undefined
        }
        error={fieldErrors.password}
      />
      <Button type="submit" pending={pending} className="w-full md:min-h-10">
        {isNew ? 'Create account' : 'Sign in'}
      </Button>
    </form>
  )
}

/** The second step. The answer to the first has set a cookie for it. */
const codePath = (next: string) => (next === '/' ? '/login/code' : `/login/code?next=${encodeURIComponent(next)}`)
