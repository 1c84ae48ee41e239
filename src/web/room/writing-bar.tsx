import { X } from 'lucide-react'
import { IconButton } from '../ui/button'
import type { Writing } from './writing'

/** Says above the text what it will become, when that is not just a new message. */
export function WritingBar({ writing, onCancel }: { writing: Writing; onCancel(): void }) {
  switch (writing.mode) {
    case 'new':
      return null
    case 'reply':
      return (
        <Bar label="Cancel the reply" onCancel={onCancel}>
          <span className="max-w-3/4 shrink-0 truncate">
            Reply to <bdi className="font-medium text-ink">{writing.to.author.displayName}</bdi>
          </span>
          <span dir="auto" className="truncate text-faint">
            {writing.to.text.replaceAll('\n', ' ')}
          </span>
        </Bar>
      )
    case 'edit':
      return (
        <Bar label="Cancel editing" onCancel={onCancel}>
          <span className="font-medium text-ink">Edit your message</span>
          <span className="hidden truncate text-faint md:inline">Escape to cancel, Enter to save</span>
        </Bar>
      )
  }
}

function Bar({ label, onCancel, children }: { label: string; onCancel(): void; children: React.ReactNode }) {
  return (
    <div className="flex items-center border-line border-b pl-3 text-soft text-sm">
      <div className="flex min-w-0 flex-1 gap-2">{children}</div>
      <IconButton label={label} onClick={onCancel} className="rounded-s!">
        <X />
      </IconButton>
    </div>
  )
}
