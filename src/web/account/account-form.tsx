'use client'

import { CircleAlert } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { limits } from '../../contract/rules'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'
import { type AccountFailure, readResponseFailure } from './account-failure'

interface AccountFormProps {
  action: '/api/login' | '/api/register'
  /** The failure of a form that was posted without JavaScript. */
  failure: AccountFailure | null
  username: string
  /** Where to go after signing in: a path on this site. */
  next: string
}

/** The form for signing in and registering. Without JavaScript, the browser posts it by itself. */
export function AccountForm({ action, failure: initialFailure, username, next }: AccountFormProps) {
  const [failure, setFailure] = useState(initialFailure)
  const [pending, setPending] = useState(false)
  const form = useInvalidFocus(failure)
  const isNew = action === '/api/register'

  // The Back button restores the page as it was left, with the sign-in still pending.
  useEffect(() => {
    const onPageShow = () => setPending(false)
    addEventListener('pageshow', onPageShow)
    return () => removeEventListener('pageshow', onPageShow)
  }, [])

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (pending) return
    const fields = Object.fromEntries(new FormData(event.currentTarget))
    if (!fields.displayName) delete fields.displayName
    setPending(true)
    try {
      const response = await fetch(action, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      })
      if (!response.ok) setFailure(await readResponseFailure(response))
      else if (await isSignedIn()) return location.assign(next)
      else setFailure({ fields: {}, words: "Your browser didn't keep the cookie. Allow cookies for this site, then sign in again." })
    } catch {
      setFailure({ fields: {}, words: "Couldn't reach the server. Try again." })
    }
    setPending(false)
  }

  const fieldErrors = failure?.fields ?? {}
  return (
    <form ref={form} method="post" action={action} onSubmit={submit} className="space-y-4">
      {failure && Object.keys(fieldErrors).length === 0 && (
        <p role="alert" className="flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          {failure.words}
        </p>
      )}
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

/** Without the cookie, the next page would lead back here without a word. */
const isSignedIn = async () => (await fetch('/api/session')).status !== 401
