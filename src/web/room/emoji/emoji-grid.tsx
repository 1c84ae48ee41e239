import clsx from 'clsx'
import type { KeyboardEvent } from 'react'
import { commonEmoji, namedEmoji, nameOfEmoji } from './emoji'

interface EmojiGridProps {
  onPick(emoji: string): void
  className?: string
}

/** The eight most common ones, in one row. */
export function CommonEmoji({ onPick, className }: EmojiGridProps) {
  return (
    <fieldset aria-label="Common emoji" onKeyDown={moveFocus} className={clsx('grid min-w-0 grid-cols-8', className)}>
      {commonEmoji.map((emoji) => (
        <EmojiButton key={emoji} emoji={emoji} name={nameOfEmoji(emoji)} onPick={onPick} />
      ))}
    </fieldset>
  )
}

export function AllEmoji({ onPick, className }: EmojiGridProps) {
  return (
    <fieldset
      aria-label="More emoji"
      onKeyDown={moveFocus}
      className={clsx('grid min-w-0 grid-cols-8 overflow-y-auto overscroll-contain', className)}
    >
      {namedEmoji.map(([emoji, name]) => (
        <EmojiButton key={emoji} emoji={emoji} name={name} onPick={onPick} />
      ))}
    </fieldset>
  )
}

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }

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

function EmojiButton({ emoji, name, onPick }: { emoji: string; name: string; onPick(emoji: string): void }) {
  return (
    <button
      type="button"
      aria-label={`React with ${name}`}
      title={name}
      onClick={() => onPick(emoji)}
      className="flex h-11 items-center justify-center rounded-s text-xl leading-none outline-offset-[-2px] hover:bg-hover mouse:h-9 mouse:text-lg"
    >
      {emoji}
    </button>
  )
}
