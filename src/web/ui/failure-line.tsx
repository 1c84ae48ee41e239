import { CircleAlert } from 'lucide-react'
import type { ChatFailure } from '../../sdk'
import { inWords } from './in-words'

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
    return `That was too often: wait ${inWords(Math.ceil(retryAfterMs / 1_000))}, then try again.`
  return name === 'LAST_OWNER' && fields?.rooms ? `${words} This is about: ${fields.rooms}.` : words
}
