import clsx from 'clsx'
import { X } from 'lucide-react'
import * as Radix from 'radix-ui/dialog'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { IconButton } from './button'
import { useLayer } from './layers'
import './style-nonce'

interface DialogProps {
  title: string
  description?: string
  onClose(): void
  children: ReactNode
}

/** Open as long as it is rendered. Escape or a click outside closes it, and the focus returns to where it was. */
export function Dialog({ title, description, onClose, children }: DialogProps) {
  const returnFocus = useReturnFocus()
  useLayer(onClose)
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil fixed inset-0 z-30 bg-veil" />
        <Radix.Content
          onCloseAutoFocus={returnFocus}
          {...(!description && { 'aria-describedby': undefined })}
          className="dialog fixed inset-x-0 bottom-0 z-30 flex max-h-[92dvh] flex-col rounded-t-l border border-line bg-raised shadow-high outline-none md:inset-x-auto md:top-[14vh] md:bottom-auto md:left-[calc(50%-15rem)] md:max-h-[80vh] md:w-[30rem] md:rounded-l"
        >
          <div className="px-5 pt-4 pr-14 pb-3">
            <Radix.Title className="font-semibold text-lg tracking-tight [overflow-wrap:anywhere]">{title}</Radix.Title>
            {description && (
              <Radix.Description className="mt-0.5 text-pretty text-sm text-soft [overflow-wrap:anywhere]">{description}</Radix.Description>
            )}
          </div>
          <div className="flex min-h-0 flex-col px-5 pb-[max(1.25rem,env(safe-area-inset-bottom))]">{children}</div>
          {/* Last, so that the first field gets the focus when the dialog opens. */}
          <Radix.Close asChild>
            <IconButton label="Close" className="absolute! top-2 right-2 md:top-3.5 md:right-3.5">
              <X />
            </IconButton>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface DrawerProps {
  title: string
  side?: 'left' | 'right'
  /** Covers a phone's whole screen. */
  isWide?: boolean
  onClose(): void
  children: ReactNode
}

/** A panel that slides in from the side on a narrow screen. Open as long as it is rendered. */
export function Drawer({ title, side = 'left', isWide = false, onClose, children }: DrawerProps) {
  const returnFocus = useReturnFocus()
  useLayer(onClose)
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil fixed inset-0 z-20 bg-veil" />
        <Radix.Content
          onCloseAutoFocus={returnFocus}
          aria-describedby={undefined}
          data-side={side}
          className={clsx(
            'drawer fixed inset-y-0 z-20 flex flex-col shadow-high outline-none',
            isWide ? 'w-full sm:w-[26rem]' : 'w-[min(20rem,86vw)]',
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

/** Whether the focus is in a composer: that of a room, or of a thread. */
export const isInComposer = () => document.activeElement?.id.endsWith('composer') === true

/**
 * Returns the focus to where it was before the dialog opened, unless the dialog has led to a room whose composer already
 * has the focus.
 */
export function useReturnFocus(): (event: Event) => void {
  const [before] = useState(() => document.activeElement)
  return (event) => {
    event.preventDefault()
    if (isInComposer()) return
    if (before instanceof HTMLElement && before.isConnected) before.focus()
  }
}
