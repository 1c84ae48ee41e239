import { CircleAlert } from 'lucide-react'
import type { AccountFailure } from './account-failure'

/** What is wrong with a form as a whole. What is wrong with a field is shown below that. */
export function FormFailure({ failure }: { failure: AccountFailure | null }) {
  if (!failure || Object.keys(failure.fields).length > 0) return null
  return (
    <p role="alert" className="flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm">
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      {failure.words}
    </p>
  )
}
