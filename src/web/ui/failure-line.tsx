import { CircleAlert } from 'lucide-react'
import type { ChatFailure } from '../../sdk'

/** Why something was refused, at the place where it was asked for. */
export function FailureLine({ failure, className = '' }: { failure: Pick<ChatFailure, 'words'> | null; className?: string }) {
  if (!failure) return null
  return (
    <p role="alert" className={`flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm ${className}`}>
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{failure.words}</span>
    </p>
  )
}
