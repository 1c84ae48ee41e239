import clsx from 'clsx'
import { commonEmoji, namedEmoji, nameOfEmoji } from './emoji'

interface EmojiGridProps {
  onPick(emoji: string): void
  className?: string
}

/** Eight that are used the most, in one row. */
export function CommonEmoji({ onPick, className }: EmojiGridProps) {
  return (
    <div className={clsx('grid grid-cols-8', className)}>
      {commonEmoji.map((emoji) => (
        <EmojiButton key={emoji} emoji={emoji} name={nameOfEmoji(emoji)} onPick={onPick} />
      ))}
    </div>
  )
}

/** About sixty. */
export function AllEmoji({ onPick, className }: EmojiGridProps) {
  return (
    <div className={clsx('grid grid-cols-8 overflow-y-auto overscroll-contain', className)}>
      {namedEmoji.map(([emoji, name]) => (
        <EmojiButton key={emoji} emoji={emoji} name={name} onPick={onPick} />
      ))}
    </div>
  )
}

function EmojiButton({ emoji, name, onPick }: { emoji: string; name: string; onPick(emoji: string): void }) {
  return (
    <button
      type="button"
      aria-label={`React with ${name}`}
      title={name}
      onClick={() => onPick(emoji)}
      className="flex h-11 items-center justify-center rounded-s text-xl leading-none outline-offset-[-2px] hover:bg-hover md:h-9 md:text-lg"
    >
      {emoji}
    </button>
  )
}
