'use client'

import { lazy, type ReactNode, Suspense, useState } from 'react'
import type { Chat } from '../chat'

const Panel = lazy(() => import('./panel'))

/**
 * A button in the corner of the page that opens a view into a chat: its connection, frames, subscriptions with their cursors
 * and unsent messages, and a switch that cuts the connection. What it shows is loaded when it is opened first. Leave it out of
 * what your users get.
 * @example {import.meta.env.DEV && <RoomlineDevtools chat={chat} />}
 */
export function RoomlineDevtools({ chat }: { chat: Chat }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <div data-roomline="devtools">
      {isOpen ? (
        <Suspense>
          <Panel chat={chat} onClose={() => setOpen(false)} />
        </Suspense>
      ) : (
        <button type="button" ref={placeButton} onClick={() => setOpen(true)}>
          Roomline devtools
        </button>
      )}
    </div>
  )
}

/** By script, because a page's content policy may refuse style attributes. */
function placeButton(element: HTMLElement | null) {
  if (element) Object.assign(element.style, { position: 'fixed', right: '12px', bottom: '12px', zIndex: '99999', font: '12px sans-serif' })
}
