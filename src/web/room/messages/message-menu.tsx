import * as Menu from 'radix-ui/dropdown-menu'
import type { ReactNode } from 'react'
import type { Message } from '../../../sdk'
import { isInComposer } from '../../ui/dialog'
import { MenuContent, MenuItem } from '../../ui/menu'
import { messageChoices, useMessageActs } from './message-acts'

interface MessageMenuProps {
  message: Message
  /** The button that opens the menu. */
  trigger: ReactNode
  open: boolean
  onOpenChange(open: boolean): void
}

export default function MessageMenu({ message, trigger, open, onOpenChange }: MessageMenuProps) {
  const acts = useMessageActs()
  return (
    <Menu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Menu.Trigger asChild>{trigger}</Menu.Trigger>
      <MenuContent
        onCloseAutoFocus={(event) => {
          // "Reply" and "Edit" have moved the focus to the composer.
          if (isInComposer()) event.preventDefault()
        }}
      >
        {messageChoices(message, acts).map(({ name, Icon, run, isDanger = false }) => (
          <MenuItem key={name} icon={<Icon aria-hidden="true" />} danger={isDanger} onSelect={run}>
            {name}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu.Root>
  )
}
