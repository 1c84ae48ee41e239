import clsx from 'clsx'
import type { ComponentProps, ReactNode } from 'react'
import type { PersonName } from '../../people/people-search'
import { Avatar } from '../../ui/avatar'
import { LocalTime } from '../../ui/local-time'

interface MessageFrameProps extends ComponentProps<'li'> {
  author: PersonName
  time: string
  /** Whether it shows its author: it is the first of several messages in a row. */
  startsGroup: boolean
  look?: 'plain' | 'mention' | 'highlighted'
  toolbar?: ReactNode
  children: ReactNode
}

const looks = { plain: 'hover:bg-hover/60', mention: 'bg-spark-soft', highlighted: 'bg-accent-soft' }

/** The layout of a message: avatar or time, the message with its author, and the toolbar, each in its own column. */
export function MessageFrame({ author, time, startsGroup, look = 'plain', toolbar, children, className, ...props }: MessageFrameProps) {
  return (
    <li
      className={clsx(
        'group/message grid grid-cols-[minmax(0,1fr)_var(--toolbar)] pr-1 pl-4 transition-colors duration-(--calm) @lg:px-6',
        '[--toolbar:2.5rem] mouse:@3xs:[--toolbar:4rem] mouse:@2xl:[--toolbar:8rem]',
        '@3xs:grid-cols-[2.25rem_minmax(0,1fr)_var(--toolbar)] @3xs:gap-x-3',
        startsGroup && 'mt-2.5 mouse:mt-3.5',
        looks[look],
        className,
      )}
      {...props}
    >
      {startsGroup ? (
        <Avatar {...author} className="mt-1.5 hidden! mouse:mt-1 @3xs:inline-flex!" />
      ) : (
        <LocalTime
          time={time}
          className="@3xs:block hidden whitespace-nowrap pt-1.5 text-right text-[0.625rem] text-faint leading-4 opacity-0 group-hover/message:opacity-100"
        />
      )}
      <div className="min-w-0 self-center py-1 mouse:py-0.5">
        {startsGroup && (
          <div className="flex flex-wrap items-baseline gap-x-2">
            <bdi className="font-semibold [overflow-wrap:anywhere]">{author.displayName}</bdi>
            {author.displayName.toLowerCase() !== author.username && (
              <span className="text-faint text-xs [overflow-wrap:anywhere]">@{author.username}</span>
            )}
            <LocalTime time={time} className="text-faint text-xs" />
          </div>
        )}
        {children}
      </div>
      {toolbar}
    </li>
  )
}
