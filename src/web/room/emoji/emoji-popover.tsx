import * as Popover from 'radix-ui/popover'
import type { RefObject } from 'react'
import { Dialog } from '../../ui/dialog'
import { isForMouse } from '../../ui/media'
import { EmojiPicker } from './emoji-picker'

interface EmojiPopoverProps {
  /** The button that opened it. */
  anchor: RefObject<HTMLElement | null>
  /** What gets the focus when it closes; by default the button. */
  returnFocus?: RefObject<HTMLElement | null>
  title?: string
  /** What picking one does. The emoji's name follows. */
  action?: string
  onPick(emoji: string): void
  onClose(): void
}

/** The emoji picker next to the button that opened it, or in a sheet on a phone. It is open as long as it is rendered. */
export default function EmojiPopover(props: EmojiPopoverProps) {
  const { anchor, returnFocus = anchor, title = 'React with an emoji', action = 'React with', onPick, onClose } = props
  if (!isForMouse()) {
    return (
      <Dialog title={title} onClose={onClose}>
        <EmojiPicker action={action} onPick={onPick} isForTouch className="-mx-2" />
      </Dialog>
    )
  }
  return (
    <Popover.Root open onOpenChange={(open) => open || onClose()}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <Popover.Portal>
        <Popover.Content
          aria-label={title}
          side="top"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          onOpenAutoFocus={(event) => {
            event.preventDefault()
            const content = event.currentTarget as HTMLElement | null
            content?.querySelector<HTMLElement>('fieldset button')?.focus()
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            returnFocus.current?.focus()
          }}
          className="menu z-20 w-[21.5rem] max-w-[calc(100vw-1rem)] rounded-m border border-line bg-raised p-2 shadow-high outline-none"
        >
          <EmojiPicker action={action} onPick={onPick} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
