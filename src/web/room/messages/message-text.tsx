import clsx from 'clsx'
import { type ReactNode, useMemo } from 'react'
import { isOnlyEmoji } from '../text/emoji-text'
import { Foldable } from '../text/foldable'
import { TextBlocks } from '../text/text-blocks'
import { useParsedText } from '../text/text-parser'

interface MessageTextProps {
  text: string
  /** The usernames that the text mentions, and "@room". */
  mentions?: readonly string[]
  /** The viewer's username: mentions of them stand out more. */
  me?: string
  /** Which message it is, if it may scroll out of sight and back. */
  message?: string
  className?: string
  /** Shown after the last word. */
  children?: ReactNode
}

const nobody: readonly string[] = []
/** Scripts whose letters change with those around them. */
const contextual = /[\u0590-\u08FF\u0900-\u109F\u1780-\u18AF\uFB1D-\uFDFF\uFE70-\uFEFC]/

/** The text of a message, with its formatting. Each line runs in the direction of its own script. */
export function MessageText({ text, mentions = nobody, me = '', message = '', className, children }: MessageTextProps) {
  const blocks = useParsedText(text)
  const reader = useMemo(() => ({ mentions, me, message }), [mentions, me, message])
  return (
    <div
      className={clsx(
        'max-w-[52rem] whitespace-pre-wrap text-start [overflow-wrap:anywhere]',
        // The typeface would draw "=>" as an arrow, and "3x4" as a product.
        !contextual.test(text) && '[font-variant-ligatures:no-contextual]',
        isOnlyEmoji(text) && 'text-[1.75rem] leading-[2.25rem]',
        className,
      )}
    >
      <Foldable text={text}>
        <TextBlocks blocks={blocks} reader={reader} after={children} />
      </Foldable>
    </div>
  )
}
