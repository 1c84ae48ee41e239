import { X } from 'lucide-react'
import { cutQuote } from '../../../contract/rules'
import type { Message, Unsent } from '../../../sdk'
import { IconButton } from '../../ui/button'

/** What a reply shows of the message that it answers. */
export function quoteOf({ seq, author, text }: Message): NonNullable<Unsent['replyTo']> {
  return { seq, author, text: cutQuote(text) }
}

/** Shown above the text of a reply. */
export function ReplyBar({ to, onCancel }: { to: NonNullable<Unsent['replyTo']>; onCancel(): void }) {
  return (
    <Bar label="Cancel reply" onCancel={onCancel}>
      <span className="max-w-3/4 shrink-0 truncate">
        Replying to <bdi className="font-medium text-ink">{to.author.displayName}</bdi>
      </span>
      <span dir="auto" className="truncate text-faint">
        {to.text.replaceAll('\n', ' ')}
      </span>
    </Bar>
  )
}

/** Shown above the text of an edit. */
export function EditBar({ onCancel }: { onCancel(): void }) {
  return (
    <Bar label="Cancel editing" onCancel={onCancel}>
      <span className="font-medium text-ink">Editing your message</span>
      <span className="hidden truncate text-faint md:inline">Esc to cancel, Enter to save</span>
    </Bar>
  )
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
