import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Message, Unsent } from '../../../sdk'
import { Button, IconButton } from '../../ui/button'
import { usePlainText } from '../text/text-parser'
import { type EditDraft, isChanged } from './drafts'

interface ReplyBarProps {
  to: NonNullable<Unsent['replyTo']>
  /** It was removed since the person chose to answer it. */
  isRemoved: boolean
  onCancel(): void
}

/** Shown above the text of a reply. */
export function ReplyBar({ to, isRemoved, onCancel }: ReplyBarProps) {
  const words = usePlainText(to.text)
  return (
    <div className="flex items-center border-line border-b pl-3 text-soft text-sm">
      <div className="flex min-w-0 flex-1 gap-2">
        {isRemoved ? (
          <span role="status">The message you're answering was removed. This will be sent as a new message.</span>
        ) : (
          <>
            <span className="max-w-3/4 shrink-0 truncate">
              Replying to <bdi className="font-medium text-ink">{to.author.displayName}</bdi>
            </span>
            <span dir="auto" className="truncate text-faint">
              {words}
            </span>
          </>
        )}
      </div>
      <IconButton label="Cancel reply" onClick={onCancel} className="rounded-s!">
        <X />
      </IconButton>
    </div>
  )
}

interface UnsavedEditProps {
  edit: EditDraft
  /** The message, if it is among those that are loaded. */
  message: Message | undefined
  onContinue(): void
  /** Makes the text of the edit the next message. */
  onReuse(): void
  onDiscard(): void
}

/** Shown above the composer while an edit is not to be seen in its place: it was closed, is far away, or its message was removed. */
export function UnsavedEdit({ edit, message, onContinue, onReuse, onDiscard }: UnsavedEditProps) {
  const isRemoved = message !== undefined && message.deletedAt !== null
  if (!isRemoved && (edit.isOpen ? message !== undefined : !isChanged(edit))) return null
  return (
    <EditLine words={isRemoved ? 'The message you were editing was removed.' : 'You have unsaved changes to a message.'}>
      {isRemoved ? (
        isChanged(edit) && (
          <Button look="quiet" onClick={onReuse} className="px-2!">
            Use as new message
          </Button>
        )
      ) : (
        <Button look="quiet" onClick={onContinue} className="px-2!">
          Continue editing
        </Button>
      )}
      <Button look="quiet" onClick={onDiscard} className="px-2!">
        Discard
      </Button>
    </EditLine>
  )
}

function EditLine({ words, children }: { words: string; children: ReactNode }) {
  return (
    <div className="mb-1.5 flex flex-wrap items-center rounded-m bg-hover pr-1 pl-3 text-soft text-sm">
      <p role="status" className="min-w-0 flex-1 py-1.5">
        {words}
      </p>
      {children}
    </div>
  )
}
