import * as Popover from 'radix-ui/popover'
import type { RefObject } from 'react'
import { AllEmoji, CommonEmoji } from './emoji-grid'

interface EmojiPopoverProps {
  anchor: RefObject<HTMLElement | null>
  onPick(emoji: string): void
  onClose(): void
}

/** An emoji picker next to the button that opened it. It is open as long as it is rendered. */
export default function EmojiPopover({ anchor, onPick, onClose }: EmojiPopoverProps) {
  return (
    <Popover.Root open onOpenChange={(open) => open || onClose()}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <Popover.Portal>
        <Popover.Content
          aria-label="React with an emoji"
          side="top"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            anchor.current?.focus()
          }}
          className="menu z-20 w-[20.5rem] max-w-[calc(100vw-1rem)] rounded-m border border-line bg-raised p-1.5 shadow-high outline-none"
        >
          <CommonEmoji onPick={onPick} />
          <div aria-hidden="true" className="mx-1 my-1.5 h-px bg-line" />
          <AllEmoji onPick={onPick} className="max-h-52" />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
