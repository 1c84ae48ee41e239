import { Smile } from 'lucide-react'
import { lazy, type RefObject, Suspense, useRef, useState } from 'react'
import { IconButton } from '../../ui/button'

const loadPopover = () => import('./emoji-popover')
const EmojiPopover = lazy(loadPopover)

interface EmojiButtonProps {
  label: string
  onPick(emoji: string): void
  /** What gets the focus when the picker closes. */
  returnFocus: RefObject<HTMLElement | null>
  className?: string
}

/** A button that opens the emoji picker. */
export function EmojiButton({ label, onPick, returnFocus, className }: EmojiButtonProps) {
  const [isOpen, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  return (
    <>
      <IconButton
        ref={button}
        label={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onPointerEnter={loadPopover}
        onFocus={loadPopover}
        onClick={() => setOpen(!isOpen)}
        {...(className && { className })}
      >
        <Smile />
      </IconButton>
      {isOpen && (
        <Suspense>
          <EmojiPopover
            anchor={button}
            returnFocus={returnFocus}
            title="Emoji"
            action="Insert"
            onPick={(emoji) => {
              setOpen(false)
              onPick(emoji)
            }}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  )
}
