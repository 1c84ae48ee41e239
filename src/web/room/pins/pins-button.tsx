import clsx from 'clsx'
import { Pin } from 'lucide-react'

interface PinsButtonProps {
  /** Null until it is known. */
  count: number | null
  isOpen: boolean
  onToggle(): void
}

/** Opens or closes the list of pinned messages. A narrow screen has no room for it while there is none. */
export function PinsButton({ count, isOpen, onToggle }: PinsButtonProps) {
  const label = count === 1 ? '1 pinned message' : `${count ? count.toLocaleString() : 'No'} pinned messages`
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-label={`Show ${label.replace('No', 'no')}`}
      title={label}
      onClick={onToggle}
      className={clsx(
        'min-h-11 min-w-11 shrink-0 items-center justify-center gap-1.5 rounded-m px-2 text-sm tabular-nums transition-colors duration-(--swift) hover:bg-hover hover:text-ink md:inline-flex mouse:min-h-8 mouse:min-w-8',
        count || isOpen ? 'inline-flex' : 'hidden',
        isOpen ? 'bg-selected text-ink' : 'text-soft',
      )}
    >
      <Pin aria-hidden="true" className="size-[1.125rem]" />
      {count ? count.toLocaleString() : null}
    </button>
  )
}
