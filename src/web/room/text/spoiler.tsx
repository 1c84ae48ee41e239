import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Inline } from '../../../contract/markdown/tree'
import { isKeptOpen, keepOpen } from './kept-open'
import { shownText } from './shown-text'

/** Text that is hidden until somebody wants to see it. */
export function Spoiler({ inlines, message, children }: { inlines: readonly Inline[]; message: string; children: ReactNode }) {
  const text = shownText(inlines)
  const place = `spoiler ${message} ${text}`
  const [isOpen, setOpen] = useState(() => isKeptOpen(place))
  const isPressed = useRef(false)
  const shown = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (isOpen && isPressed.current) shown.current?.focus()
  }, [isOpen])

  function open() {
    isPressed.current = true
    keepOpen(place, true)
    setOpen(true)
  }

  if (isOpen) {
    return (
      // The focus was on the button that it replaces.
      <span ref={shown} tabIndex={-1} className="rounded-s bg-hover px-1 py-px outline-none">
        {children}
      </span>
    )
  }
  return (
    <button
      type="button"
      aria-label="Spoiler: show"
      title="Show spoiler"
      onClick={open}
      className="inline select-none rounded-s bg-line-strong px-1 py-px text-start text-transparent hover:bg-soft"
    >
      <span aria-hidden="true">{text}</span>
    </button>
  )
}
