'use client'

import { type FormEvent, useState } from 'react'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'
import { type AccountFailure, readResponseFailure, unreachable } from './account-failure'
import { FormFailure } from './form-failure'

interface CodeFormProps {
  /** The failure of a form that was posted without JavaScript. */
  failure: AccountFailure | null
  next: string
}

/** The second step of signing in. The ticket from the first is in a cookie. Without JavaScript, the browser posts it by itself. */
export function CodeForm({ failure: initialFailure, next }: CodeFormProps) {
  const [failure, setFailure] = useState(initialFailure)
  const [pending, setPending] = useState(false)
  const form = useInvalidFocus(failure)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (pending) return
    const code = String(new FormData(event.currentTarget).get('code'))
    setPending(true)
    try {
      const response = await fetch('/api/login/second-factor', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      })
      if (response.ok) return location.assign(next)
      const read = await readResponseFailure(response)
      if (read.code === 'SIGN_IN_EXPIRED') return location.assign('/login?error=SIGN_IN_EXPIRED')
      setFailure(read)
    } catch {
      setFailure(unreachable)
    }
    setPending(false)
  }

  return (
    <form ref={form} method="post" action="/api/login/second-factor" onSubmit={submit} className="space-y-4">
      <FormFailure failure={failure} />
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
