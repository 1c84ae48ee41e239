import { CircleAlert, X } from 'lucide-react'
import { IconButton } from '../ui/button'

/** Why the last thing that was tried with a message did not happen. */
export function ActRefusal({ words, onDismiss }: { words: string; onDismiss(): void }) {
  return (
    <div
      role="alert"
      className="mx-3 flex shrink-0 items-center gap-2 rounded-m bg-danger-soft py-0.5 pr-1 pl-3 text-danger text-sm md:mx-6"
    >
      <CircleAlert aria-hidden="true" className="size-4 shrink-0" />
      <span className="flex-1">{words}</span>
      <IconButton label="Dismiss" onClick={onDismiss}>
        <X />
      </IconButton>
    </div>
  )
}
