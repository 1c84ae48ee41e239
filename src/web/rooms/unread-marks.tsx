import clsx from 'clsx'
import { attentionWords, shortCount } from './unread'

/** How much is unread, and how much of it speaks to this person. */
export function UnreadMarks({ unread, mentions, className }: { unread: number; mentions: number; className?: string | undefined }) {
  if (unread === 0 && mentions === 0) return null
  return (
    <>
      <span aria-hidden="true" className={clsx('flex shrink-0 items-center gap-1.5 text-xs tabular-nums', className)}>
        {unread > 0 && <span className="font-semibold text-soft">{shortCount(unread)}</span>}
        {mentions > 0 && (
          <span className="rounded-full bg-spark px-1.5 font-semibold text-on-spark">@{mentions > 1 && ` ${shortCount(mentions)}`}</span>
        )}
      </span>
      <span className="sr-only">{attentionWords({ unread, mentions })}</span>
    </>
  )
}
