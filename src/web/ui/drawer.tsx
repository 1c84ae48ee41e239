import * as Radix from 'radix-ui/dialog'
import type { ReactNode } from 'react'
import { useReturnFocus } from './return-focus'

/** On a phone, what has no room beside the page: slides in from the left. Open as long as it is rendered. */
export function Drawer({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  const returnFocus = useReturnFocus()
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil fixed inset-0 z-20 bg-veil" />
        <Radix.Content
          onCloseAutoFocus={returnFocus}
          aria-describedby={undefined}
          className="drawer fixed inset-y-0 left-0 z-20 flex w-[min(20rem,86vw)] flex-col bg-canvas shadow-high outline-none"
        >
          <Radix.Title className="sr-only">{title}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
