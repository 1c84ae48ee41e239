import clsx from 'clsx'
import { CircleAlert } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import type { Message, RoomHandle, Unsent } from '../../sdk'
import { Avatar } from '../ui/avatar'
import { MessageText } from './message-text'
import { formatClock, formatFull } from './times'

interface Author {
  username: string
  displayName: string
}

export const MessageItem = memo(function MessageItem({ message, startsGroup }: { message: Message; startsGroup: boolean }) {
  return (
    <MessageFrame author={message.author} time={message.time} startsGroup={startsGroup}>
      <MessageText text={message.text} />
    </MessageFrame>
  )
})

interface UnsentItemProps {
  unsent: Unsent
  author: Author
  startsGroup: boolean
  handle: RoomHandle
}

export const UnsentItem = memo(function UnsentItem({ unsent, author, startsGroup, handle }: UnsentItemProps) {
  switch (unsent.state) {
    case 'pending':
      return (
        <MessageFrame author={author} time={unsent.time} startsGroup={startsGroup}>
          <MessageText text={unsent.text} className="text-soft" />
          <p className="late text-faint text-xs">Sending…</p>
        </MessageFrame>
      )
    case 'failed': {
      const { words, fields } = unsent.reason
      return (
        <MessageFrame author={author} time={unsent.time} startsGroup={startsGroup}>
          <MessageText text={unsent.text} className="text-soft" />
          <div role="alert" className="mt-1 flex flex-wrap items-center gap-x-3 text-sm">
            <span className="flex items-center gap-1.5 text-danger">
              <CircleAlert aria-hidden="true" className="size-4 shrink-0" />
              <span>Not sent. {fields?.text ? `The text ${fields.text}.` : words}</span>
            </span>
            <TextButton onClick={() => handle.retry(unsent.clientId)}>Try again</TextButton>
            <TextButton onClick={() => handle.discard(unsent.clientId)}>Discard</TextButton>
          </div>
        </MessageFrame>
      )
    }
  }
})

function TextButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="min-h-11 rounded-s font-medium text-ink underline decoration-line-strong underline-offset-3 hover:decoration-current md:min-h-6"
    >
      {children}
    </button>
  )
}

function MessageFrame({
  author,
  time,
  startsGroup,
  children,
}: {
  author: Author
  time: string
  startsGroup: boolean
  children: ReactNode
}) {
  return (
    <li
      className={clsx(
        'group/message relative grid grid-cols-[2.25rem_minmax(0,1fr)] gap-x-3 px-4 py-0.5 hover:bg-hover/60 md:px-6',
        startsGroup && 'mt-3.5',
      )}
    >
      {startsGroup ? (
        <Avatar {...author} className="mt-0.5" />
      ) : (
        <time
          dateTime={time}
          title={formatFull(time)}
          className="whitespace-nowrap pt-1 text-right text-[0.625rem] text-faint leading-4 opacity-0 group-hover/message:opacity-100"
        >
          {formatClock(time)}
        </time>
      )}
      <div className="min-w-0">
        {startsGroup && (
          <div className="flex flex-wrap items-baseline gap-x-2">
            <bdi className="font-semibold [overflow-wrap:anywhere]">{author.displayName}</bdi>
            {author.displayName.toLowerCase() !== author.username && <span className="text-faint text-xs">@{author.username}</span>}
            <time dateTime={time} title={formatFull(time)} className="text-faint text-xs">
              {formatClock(time)}
            </time>
          </div>
        )}
        {children}
      </div>
    </li>
  )
}
