import { CornerUpRight } from 'lucide-react'
import type { Message } from '../../../sdk'
import { useMessageActs } from './message-acts'

interface QuotedLineProps {
  /** The answered message, as it was when the answer was loaded. */
  quoted: NonNullable<Message['replyTo']>
  /** The answered message as it is now, if it is loaded. */
  current: Message | undefined
}

/** The message that is answered, in one line. Pressing it jumps there. */
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
