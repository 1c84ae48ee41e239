import { type FormEvent, type RefObject, useEffect, useState } from 'react'
import { useInvalidFocus } from '../ui/fields'
import { type AccountFailure, cookieRefused, readResponseFailure } from './account-failure'

interface PostedForm {
  /** For the form element. */
  form: RefObject<HTMLFormElement | null>
  failure: AccountFailure | null
  pending: boolean
  onSubmit(event: FormEvent<HTMLFormElement>): void
}

/**
 * A form that a script sends as JSON to an account route. Without JavaScript, the browser posts it by itself.
 * @param options.failure that of a form which was posted without JavaScript
 * @param options.leadsTo the page that a failure leads to; null when it is shown here
 * @param options.onAccepted may return a failure, and leaves for another page otherwise
 */
export function usePostedForm(
  action: string,
  options: {
    failure: AccountFailure | null
    onAccepted(response: Response): Promise<AccountFailure | null>
    leadsTo?(failure: AccountFailure): string | null
  },
): PostedForm {
  const [failure, setFailure] = useState(options.failure)
  const [pending, setPending] = useState(false)
  const form = useInvalidFocus(failure)

  // The Back button restores the page as it was left, with the form still pending.
  useEffect(() => {
    const onPageShow = () => setPending(false)
    addEventListener('pageshow', onPageShow)
    return () => removeEventListener('pageshow', onPageShow)
  }, [])

  async function send(fields: Record<string, FormDataEntryValue>): Promise<AccountFailure | null> {
    try {
      const response = await fetch(action, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      })
      return response.ok ? await options.onAccepted(response) : await readResponseFailure(response)
    } catch {
      return { code: 'DISCONNECTED', fields: {}, words: "Couldn't reach the server. Try again." }
    }
  }

  async function submit(fields: Record<string, FormDataEntryValue>) {
    setPending(true)
    const failed = await send(fields)
    if (!failed) return
    const page = options.leadsTo?.(failed)
    if (page) return location.assign(page)
    setFailure(failed)
    setPending(false)
  }

  return {
    form,
    failure,
    pending,
    onSubmit: (event) => {
      event.preventDefault()
      // An optional field that is empty counts as not filled in.
      const filled = [...new FormData(event.currentTarget)]
        .filter(([name, value]) => value !== '' || name !== 'displayName')
        .filter(([name]) => name !== 'next')
      if (!pending) void submit(Object.fromEntries(filled))
    },
  }
}

/** Goes on once somebody is signed in. @returns why not, when the browser refused the cookie */
export async function leaveSignedIn(next: string): Promise<AccountFailure | null> {
  // Over http a browser drops the cookie of an https site, without a word.
  const session = location.protocol === 'http:' ? await fetch('/api/session', { cache: 'no-store' }) : null
  if (session?.status === 401) return cookieRefused
  location.assign(next)
  return null
}
