import clsx from 'clsx'
import type { ReactNode } from 'react'
import { splitLinks } from './links'
import { isMentioned, splitMentions } from './mentions'

interface MessageTextProps {
  text: string
  /** The usernames that the text mentions, and "@room". */
  mentions?: readonly string[]
  /** Who reads: what names them stands out more. */
  me?: string
  className?: string
  /** Stands after the last word. */
  children?: ReactNode
}

/** What somebody wrote, as they wrote it: each line runs in its own script's direction. */
export function MessageText({ text, mentions = [], me = '', className, children }: MessageTextProps) {
  return (
    <p
      dir="auto"
      className={clsx('max-w-[52rem] whitespace-pre-wrap text-start [overflow-wrap:anywhere] [unicode-bidi:plaintext]', className)}
    >
      {splitLinks(text).flatMap((part, index) =>
        typeof part === 'string' ? (
          splitMentions(part, mentions).map((piece, place) =>
            typeof piece === 'string' ? (
              piece
            ) : (
              <mark
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
                key={`${index} ${place}`}
                className={clsx(
                  'rounded-s px-1 py-px',
                  isMentioned(me, [piece.name]) ? 'bg-spark font-semibold text-on-spark' : 'bg-accent-soft font-medium text-accent',
                )}
              >
                {piece.text}
              </mark>
            ),
          )
        ) : (
          <a
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
            key={index}
            href={part.url}
            target="_blank"
            rel="noopener noreferrer"
            className="text-accent underline decoration-accent/40 underline-offset-3 hover:decoration-current"
          >
            {part.url}
          </a>
        ),
      )}
      {children}
    </p>
  )
}
