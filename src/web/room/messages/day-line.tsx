import clsx from 'clsx'
import { useIsLocal } from '../../ui/local-time'
import { formatDay } from '../../ui/times'
import { useToday } from '../../ui/today'

interface DayProps {
  day: Date
  /** Opens the choice of another day. */
  onChoose(): void
}

/** Above the first message of a day. */
export function DayLine(props: DayProps) {
  return (
    <li data-line="" className="mt-6 mb-1 flex items-center gap-3 px-4 md:px-6">
      <h2>
        <DayButton {...props} className="-mx-2 px-2 hover:bg-hover hover:text-ink" />
      </h2>
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </li>
  )
}

/** The day of the first visible message, over the list while somebody scrolls. */
export function DayChip({ isShown, ...props }: DayProps & { isShown: boolean }) {
  return (
    <div
      className={clsx(
        'rounded-full border border-line bg-raised shadow-low transition-opacity duration-(--calm) focus-within:opacity-100 hover:opacity-100',
        isShown ? 'pointer-events-auto' : 'opacity-0',
      )}
    >
      <DayButton {...props} tabIndex={-1} className="rounded-full! px-3 hover:text-ink" />
    </div>
  )
}

function DayButton({ day, onChoose, className, tabIndex }: DayProps & { className: string; tabIndex?: number }) {
  useToday()
  const isLocal = useIsLocal()
  return (
    <button
      type="button"
      title="Jump to a date"
      onClick={onChoose}
      {...(tabIndex !== undefined && { tabIndex })}
      className={clsx('min-h-11 min-w-11 rounded-s font-medium text-soft text-xs mouse:min-h-6', className)}
    >
      <time dateTime={day.toISOString()}>{isLocal ? formatDay(day) : '\u00a0'}</time>
    </button>
  )
}
