import clsx from 'clsx'
import * as Radix from 'radix-ui/dialog'
import type { ReactNode } from 'react'
import { useReturnFocus } from './return-focus'

interface DrawerProps {
  title: string
  side?: 'left' | 'right'
  onClose(): void
  children: ReactNode
}

/** On a phone, what has no room beside the page: slides in from its side. Open as long as it is rendered. */
export function Drawer({ title, side = 'left', onClose, children }: DrawerProps) {
  const returnFocus = useReturnFocus()
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil fixed inset-0 z-20 bg-veil" />
        <Radix.Content
          onCloseAutoFocus={returnFocus}
          aria-describedby={undefined}
          data-side={side}
          className={clsx(
            'drawer fixed inset-y-0 z-20 flex w-[min(20rem,86vw)] flex-col shadow-high outline-none',
            side === 'left' ? 'left-0 bg-canvas' : 'right-0 bg-surface',
          )}
        >
          <Radix.Title className="sr-only">{title}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
