import { ArrowUp, X } from 'lucide-react'
import { Button, IconButton } from '../ui/button'

/** Stands above the first message that its reader had not read when they came. */
export function UnreadLine() {
  return (
    <li data-unread-line="" className="mt-4 mb-1 flex items-center gap-3 px-4 md:px-6">
      <span aria-hidden="true" className="h-0.5 flex-1 rounded-full bg-spark" />
      <span className="rounded-full bg-spark px-2 py-px font-semibold text-on-spark text-xs">New</span>
    </li>
  )
}

/** Leads to that line while it is out of sight. */
export function ToFirstUnread({ count, onGo, onDismiss }: { count: number; onGo(): void; onDismiss(): void }) {
  return (
    <div className="pointer-events-none absolute inset-x-0 top-3 z-10 flex justify-center px-2" data-floating="">
      <div className="pointer-events-auto flex max-w-full rounded-full bg-raised shadow-high">
        <Button look="outline" onClick={onGo} className="min-w-0 rounded-l-full! border-r-0! pr-2!">
          <ArrowUp aria-hidden="true" className="size-4" />
          {count.toLocaleString()} unread
        </Button>
        <IconButton
          label="Stay here"
          onClick={onDismiss}
          className="rounded-r-full! rounded-l-none! border border-line-strong border-l-0 mouse:h-9!"
        >
          <X />
        </IconButton>
      </div>
    </div>
  )
}
