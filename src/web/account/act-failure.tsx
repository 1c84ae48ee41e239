import { CircleAlert } from 'lucide-react'
import type { ChatFailure } from '../../sdk'
import { failureWords } from './act'

/** Why something was refused, unless a field says it already. */
export function ActFailure({ failure }: { failure: ChatFailure | null | undefined }) {
  if (!failure) return null
  return (
    <p role="alert" className="flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm">
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{failureWords(failure)}</span>
    </p>
  )
}
