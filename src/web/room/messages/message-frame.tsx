import clsx from 'clsx'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { messagePath } from '../../paths'
import type { PersonName } from '../../people/people-search'
import { PersonButton } from '../../people/person-button'
import { Avatar } from '../../ui/avatar'
import { LocalTime } from '../../ui/local-time'
import { useHoveringPointer } from '../../ui/media'
import { useMessageActs } from './message-acts'

interface MessageFrameProps extends ComponentProps<'li'> {
  author: PersonName
  time: string
  /** Where the message is, for the link on its time; undefined while it is being sent. */
  place?: { room: string; seq: number }
  /** Whether it shows its author: it is the first of several messages in a row. */
  startsGroup: boolean
  look?: 'plain' | 'mention' | 'highlighted'
  toolbar?: ReactNode
  /** Shown after the time: what the message answers, if that stands right above. */
  mark?: ReactNode
  children: ReactNode
}

const looks = { plain: 'hover:bg-hover/60', mention: 'bg-spark-soft', highlighted: 'bg-accent-soft' }

/** The layout of a message: avatar or time, the message with its author, and the toolbar, each in its own column. */
export function MessageFrame({
  author,
  time,
  place,
  startsGroup,
  look = 'plain',
  toolbar,
  mark,
  children,
  className,
  ...props
}: MessageFrameProps) {
  return (
    <li
      className={clsx(
        'group/message grid grid-cols-[minmax(0,1fr)_var(--toolbar)] pr-1 pl-4 transition-colors duration-(--calm) @lg:px-6',
        '[--toolbar:2.5rem] mouse:@3xs:[--toolbar:4rem] mouse:@2xl:[--toolbar:8rem]',
        '@3xs:grid-cols-[2.25rem_minmax(0,1fr)_var(--toolbar)] @3xs:gap-x-3',
        startsGroup && 'mt-3.5',
        looks[look],
        className,
      )}
      {...props}
    >
      {startsGroup ? (
        <PersonButton person={author} isTabStop={false} className="-mx-0.5 hidden h-fit w-fit rounded-m px-0.5 @3xs:block">
          <Avatar {...author} className="mt-1.5 mouse:mt-1" />
        </PersonButton>
      ) : (
        <span className="relative hidden pt-1.5 text-right text-[0.625rem] leading-4 @3xs:block">
          <MessageTime
            time={time}
            place={place}
            isTabStop={false}
            className="whitespace-nowrap text-faint opacity-0 group-hover/message:opacity-100"
          />
          {mark && <span className="absolute top-2 right-0 group-hover/message:opacity-0">{mark}</span>}
        </span>
      )}
      <div className="min-w-0 self-center py-1 mouse:py-0.5">
        {startsGroup && (
          <div className="flex flex-wrap items-baseline gap-x-2">
            <PersonButton
              person={author}
              className="-mt-4.5 min-w-10 max-w-full rounded-s pt-4.5 text-start font-semibold [overflow-wrap:anywhere] hover:underline mouse:mt-0 mouse:min-w-6 mouse:pt-0"
            >
              <bdi>{author.displayName}</bdi>
            </PersonButton>
            {author.displayName.toLowerCase() !== author.username && (
              <span className="text-faint text-xs [overflow-wrap:anywhere]">@{author.username}</span>
            )}
            <MessageTime time={time} place={place} className="text-faint text-xs" />
            {mark}
          </div>
        )}
        {children}
      </div>
      {toolbar}
    </li>
  )
}

interface MessageTimeProps {
  time: string
  place: MessageFrameProps['place']
  isTabStop?: boolean
  className: string
}

/** When the message was sent. It links to the message, except for a finger, which would hardly hit it. */
function MessageTime({ time, place, isTabStop = true, className }: MessageTimeProps) {
  const { jumpTo } = useMessageActs()
  const isLink = useHoveringPointer() && place !== undefined
  const clock = <LocalTime time={time} className={isLink ? undefined : className} />
  if (!isLink) return clock
  const { room, seq } = place

  function onClick(event: MouseEvent) {
    // Otherwise the browser opens it in another tab or window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    jumpTo(seq)
  }

  return (
    <a
      href={messagePath(room, seq)}
      onClick={onClick}
      tabIndex={isTabStop ? undefined : -1}
      className={clsx('rounded-s underline-offset-2 hover:underline', className)}
    >
      {clock}
    </a>
  )
}
