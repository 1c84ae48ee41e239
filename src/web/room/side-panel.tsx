import { X } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { IconButton } from '../ui/button'
import { Drawer } from '../ui/dialog'
import { useWideScreen } from '../ui/media'

/** What stands beside a room's messages; null for nothing. A thread belongs to its room: it is shown only there. */
export type SidePanel = { kind: 'members' } | { kind: 'thread'; room: string; seq: number } | { kind: 'pins' } | null

interface SidePanelFrameProps {
  title: string
  /** Shown instead of the title. The title still names the panel. */
  head?: ReactNode
  /** The name of the button that closes it. */
  closeLabel: string
  onClose(): void
  children: ReactNode
}

/** Stands next to the messages on a wide screen, and slides over them on a narrow one. Escape closes it. */
export function SidePanelFrame({ title, head, closeLabel, onClose, children }: SidePanelFrameProps) {
  const isWide = useWideScreen()
  const content = (
    <>
      <div className="flex min-h-14 shrink-0 items-center gap-1 py-1 pr-2 pl-2">
        {head || <h2 className="min-w-0 flex-1 truncate px-2 font-semibold text-base">{title}</h2>}
        <IconButton label={closeLabel} onClick={onClose}>
          <X />
        </IconButton>
      </div>
      {children}
    </>
  )
  if (isWide) {
    return (
      <Beside title={title} onClose={onClose}>
        {content}
      </Beside>
    )
  }
  return (
    <Drawer title={title} side="right" isWide onClose={onClose}>
      {content}
    </Drawer>
  )
}

function Beside({ title, onClose, children }: Pick<SidePanelFrameProps, 'title' | 'onClose' | 'children'>) {
  const panel = useRef<HTMLElement>(null)
  const [before] = useState(() => document.activeElement)

  useLayoutEffect(() => {
    const element = panel.current
    // With the room's composer focused, nobody pressed a button to open this: it came back with its room.
    if (element && document.activeElement?.id !== 'composer' && !element.contains(document.activeElement)) element.focus()
    return () => {
      if (!element?.contains(document.activeElement)) return
      const back = before instanceof HTMLElement && before.isConnected ? before : document.getElementById('composer')
      // Not while React removes the panel: it would tell nobody of the focus.
      queueMicrotask(() => document.activeElement === document.body && back?.focus())
    }
  }, [before])

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    onClose()
  }

  return (
    <aside
      ref={panel}
      aria-label={title}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      className="flex w-80 shrink-0 flex-col border-line border-l outline-none xl:w-96"
    >
      {children}
    </aside>
  )
}
