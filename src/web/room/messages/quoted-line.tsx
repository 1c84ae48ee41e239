import { CornerUpRight } from 'lucide-react'
import type { Message } from '../../../sdk'
import { useMessageActs } from './message-acts'

interface QuotedLineProps {
  /** The message that is answered, as it was when the answer was read. */
  quoted: NonNullable<Message['replyTo']>
  /** The same as it is now, when it is in the list. */
  current: Message | undefined
}

/** What a message answers, in one line; pressing it goes there. */
export function QuotedLine({ quoted, current }: QuotedLineProps) {
  const { jumpTo } = useMessageActs()
  const author = current?.author.displayName ?? quoted.author.displayName
  const text = current ? current.text : quoted.text
  return (
    <button
      type="button"
      onClick={() => jumpTo(quoted.seq)}
      title="Go to this message"
      className="flex min-h-10 w-fit min-w-10 max-w-full items-center gap-1.5 rounded-s py-0.5 pr-1 text-start text-faint text-sm hover:text-soft mouse:min-h-6"
    >
      <CornerUpRight aria-hidden="true" className="size-3.5 shrink-0 rtl:-scale-x-100" />
      <span className="sr-only">In reply to</span>
      <bdi className="max-w-[min(10rem,50%)] shrink-0 truncate font-medium text-soft">{author}</bdi>
      <span dir="auto" className="min-w-0 truncate pr-0.5">
        {text === '' ? <em>Message removed</em> : text.replaceAll('\n', ' ')}
      </span>
    </button>
  )
}
