import { CornerUpRight } from 'lucide-react'
import type { Message } from '../../../sdk'
import { usePlainText } from '../text/text-parser'
import { useMessageActs } from './message-acts'

/** The message that is answered, in one line. Pressing it jumps there. */
export function QuotedLine({ seq, author, text }: NonNullable<Message['replyTo']>) {
  const { jumpTo } = useMessageActs()
  const words = usePlainText(text)
  return (
    <button
      type="button"
      onClick={() => jumpTo(seq)}
      title="Go to this message"
      className="flex min-h-10 w-fit min-w-10 max-w-full items-center gap-1.5 rounded-s py-0.5 pr-1 text-start text-faint text-sm hover:text-soft mouse:min-h-6"
    >
      <CornerUpRight aria-hidden="true" className="size-3.5 shrink-0 rtl:-scale-x-100" />
      <span className="sr-only">In reply to</span>
      <bdi className="max-w-[min(10rem,50%)] shrink-0 truncate font-medium text-soft">{author.displayName}</bdi>
      <span dir="auto" className="min-w-0 truncate pr-0.5">
        {text === '' ? <em>Message removed</em> : words}
      </span>
    </button>
  )
}

/** Says that the message answers the one above it, or the same one as the message above it. */
export function ReplyMark({ author }: Pick<NonNullable<Message['replyTo']>, 'author'>) {
  return (
    <span title={`In reply to ${author.displayName}`} className="inline-flex text-faint">
      <CornerUpRight aria-hidden="true" className="size-2.5 rtl:-scale-x-100" />
      <span className="sr-only">In reply to {author.displayName}</span>
    </span>
  )
}
