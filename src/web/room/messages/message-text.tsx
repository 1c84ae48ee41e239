import clsx from 'clsx'
import type { ReactNode } from 'react'
import { isMentioned, splitText } from '../../../contract/text-tokens'

interface MessageTextProps {
  text: string
  /** The usernames that the text mentions, and "@room". */
  mentions?: readonly string[]
  /** The viewer's username: mentions of them stand out more. */
  me?: string
  className?: string
  /** Shown after the last word. */
  children?: ReactNode
}

/** The text of a message. Each line runs in the direction of its own script. */
export function MessageText({ text, mentions = [], me = '', className, children }: MessageTextProps) {
  return (
    <p
      dir="auto"
      className={clsx('max-w-[52rem] whitespace-pre-wrap text-start [overflow-wrap:anywhere] [unicode-bidi:plaintext]', className)}
    >
      {splitText(text, mentions).map((token, index) => {
        if (token.type === 'plain') return token.text
        return token.type === 'link' ? (
          <a
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
            key={index}
            href={token.url}
            target="_blank"
            rel="noopener noreferrer"
            className="text-accent underline decoration-accent/40 underline-offset-3 hover:decoration-current"
          >
            {token.text}
          </a>
        ) : (
          <mark
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
            key={index}
            className={clsx(
              'rounded-s px-1 py-px',
              isMentioned(me, [token.name]) ? 'bg-spark font-semibold text-on-spark' : 'bg-accent-soft font-medium text-accent',
            )}
          >
            {token.text}
          </mark>
        )
      })}
      {children}
    </p>
  )
}
