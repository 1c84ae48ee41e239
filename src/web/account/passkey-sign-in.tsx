'use client'

import { KeyRound } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { PasskeyRequest } from '../../sdk'
import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'
import { readResponseFailure } from './account-failure'
import { canUsePasskeys, choosePasskey } from './passkey-browser'
import { leaveSignedIn } from './posted-form'

interface PasskeySignInProps {
  /** The domain that passkeys of this server belong to; null when it has none. */
  domain: string | null
  /** Where to go after signing in: a path on this site. */
  next: string
}

/** Signs in without a username or password. Shown only where the browser can. */
export function PasskeySignIn({ domain, next }: PasskeySignInProps) {
  const [isPossible, setPossible] = useState(false)
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<{ words: string } | null>(null)
  useEffect(() => setPossible(canUsePasskeys(domain)), [domain])

  async function signIn() {
    setPending(true)
    setFailure(null)
    try {
      const request = await post('/api/login/passkey/options', {})
      if (!request.ok) throw new Error((await readResponseFailure(request)).words)
      const passkey = await choosePasskey((await request.json()) as PasskeyRequest)
      const answer = await post('/api/login/passkey', { passkey })
      const failed = answer.ok ? await leaveSignedIn(next) : await readResponseFailure(answer)
      if (!failed) return
      setFailure(failed)
    } catch (error) {
      setFailure({ words: (error as Error).message })
    }
    setPending(false)
  }

  if (!isPossible) return null
  return (
    <div className="mt-4 space-y-4">
      <p
        aria-hidden="true"
        className="flex items-center gap-3 text-faint text-sm before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line"
      >
        or
      </p>
      <FailureLine failure={failure} />
      <Button look="outline" pending={pending} onClick={signIn} className="w-full md:min-h-10">
        <KeyRound aria-hidden="true" className="size-4" />
        Sign in with a passkey
      </Button>
    </div>
  )
}

const post = (path: string, body: unknown) =>
  fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).catch(() => {
    throw new Error("Couldn't reach the server. Try again.")
  })
