import { Check, CircleAlert } from 'lucide-react'
import { useState } from 'react'
import { type ChatFailure, readFailure } from '../../sdk'
import { formatDuration } from './times'

/** Something that a person asked for: whether it is under way, and why it was refused. */
export interface Act {
  pending: boolean
  failure: ChatFailure | null
  /** Runs it, one at a time. @returns what it gave, or null when it was refused */
  run<Value>(call: () => Promise<Value>): Promise<Value | null>
}

export function useAct(): Act {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  return {
    pending,
    failure,
    run: async (call) => {
      if (pending) return null
      setPending(true)
      setFailure(null)
      try {
        return await call()
      } catch (error) {
        setFailure(readFailure(error))
        return null
      } finally {
        setPending(false)
      }
    },
  }
}

type Told = Pick<ChatFailure, 'words'> & Partial<ChatFailure>

/** Why something was refused, at the place where it was asked for. */
export function FailureLine({ failure, className = '' }: { failure: Told | null | undefined; className?: string }) {
  if (!failure) return null
  return (
    <p role="alert" className={`flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm ${className}`}>
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{failureWords(failure)}</span>
    </p>
  )
}

function failureWords({ name, words, fields, retryAfterMs }: Told): string {
  if (name === 'TOO_MANY_REQUESTS' && retryAfterMs)
    return `That was too often: wait ${formatDuration(Math.ceil(retryAfterMs / 1_000))}, then try again.`
  return name === 'LAST_OWNER' && fields?.rooms ? `${words} This is about: ${fields.rooms}.` : words
}

/** Says that something was done. Rendered empty before, so that it is read out when it comes. */
export function Done({ children }: { children: string | null }) {
  return (
    <p role="status" className="flex min-w-0 flex-1 items-center gap-1.5 text-soft text-sm">
      {children && (
        <>
          <Check aria-hidden="true" className="size-4 shrink-0 text-accent" />
          {children}
        </>
      )}
    </p>
  )
}
