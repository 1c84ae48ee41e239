import clsx from 'clsx'
import { type KeyboardEvent, useState } from 'react'
import { nameOfEmoji } from './emoji'
import { noteRecentEmoji, quickEmoji } from './recent-emoji'

interface QuickEmojiProps {
  /** What picking one does, such as "React with". Its name follows. */
  action: string
  onPick(emoji: string): void
  className?: string
}

/** One row of the emoji picked lately and the most common ones. It stays as it is while it is shown. */
export function QuickEmoji({ action, onPick, className }: QuickEmojiProps) {
  const [shown] = useState(quickEmoji)
  return (
    <fieldset aria-label="Recent and common emoji" onKeyDown={moveFocus} className={clsx('grid min-w-0 grid-cols-8', className)}>
      {shown.map((emoji) => (
        <button
          key={emoji}
          type="button"
          aria-label={`${action} ${nameOfEmoji(emoji)}`}
          title={nameOfEmoji(emoji)}
          onClick={() => {
            noteRecentEmoji(emoji)
            onPick(emoji)
          }}
          className="emoji flex h-11 items-center justify-center rounded-s text-xl leading-none outline-offset-[-2px] hover:bg-hover mouse:h-9 mouse:text-lg"
        >
          {emoji}
        </button>
      ))}
    </fieldset>
  )
}

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 }

/** Arrow keys move between the emoji. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = steps[event.key]
  const buttons = [...event.currentTarget.children]
  const at = buttons.findIndex((button) => button.matches(':focus'))
  const next = step === undefined ? undefined : buttons[at + step]
  if (!(next instanceof HTMLElement)) return
  event.preventDefault()
  next.focus()
}
