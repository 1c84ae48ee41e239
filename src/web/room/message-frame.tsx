import clsx from 'clsx'
import type { ComponentProps, ReactNode } from 'react'
import { Avatar } from '../ui/avatar'
import { formatClock, formatFull } from './times'

export interface Author {
  username: string
  displayName: string
}

interface MessageFrameProps extends ComponentProps<'li'> {
  author: Author
  time: string
  /** Whether it shows its author: the first of what one person wrote in a row. */
  startsGroup: boolean
  look?: 'plain' | 'forMe' | 'highlighted'
  children: ReactNode
}

const looks = { plain: 'hover:bg-hover/60', forMe: 'bg-spark-soft', highlighted: 'bg-accent-soft' }

/** A message's place: who wrote it and when, beside what it says. */
export function MessageFrame({ author, time, startsGroup, look = 'plain', children, className, ...props }: MessageFrameProps) {
  return (
    <li
      className={clsx(
        'group/message relative grid grid-cols-[2.25rem_minmax(0,1fr)] gap-x-3 px-4 py-0.5 transition-colors duration-(--calm) md:px-6',
        startsGroup && 'mt-3.5',
        looks[look],
        className,
      )}
      {...props}
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
