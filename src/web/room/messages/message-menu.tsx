import clsx from 'clsx'
import * as Menu from 'radix-ui/dropdown-menu'
import type { Message } from '../../../sdk'
import { messageChoices, useMessageActs } from './message-acts'
import { MoreButton } from './message-toolbar-button'

interface MessageMenuProps {
  message: Message
  open: boolean
  onOpenChange(open: boolean): void
}

export default function MessageMenu({ message, open, onOpenChange }: MessageMenuProps) {
  const acts = useMessageActs()
  return (
    <Menu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Menu.Trigger asChild>
        <MoreButton author={message.author.displayName} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            // What was chosen may have led to writing.
            if (document.activeElement?.id === 'composer') event.preventDefault()
          }}
          className="menu z-20 min-w-52 rounded-m border border-line bg-raised p-1 shadow-high"
        >
          {messageChoices(message, acts).map(({ name, Icon, run, isGrave }) => (
            <Menu.Item
              key={name}
              onSelect={run}
              className={clsx(
                'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2.5 text-sm outline-none data-highlighted:bg-hover mouse:min-h-9',
                isGrave && 'text-danger',
              )}
            >
              <Icon aria-hidden="true" className={clsx('size-4', !isGrave && 'text-faint')} />
              {name}
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  )
}
