import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Inline } from '../../../contract/markdown/tree'
import { shownText } from './shown-text'

/** Text that is hidden until somebody wants to see it. */
export function Spoiler({ inlines, children }: { inlines: readonly Inline[]; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const shown = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (isOpen) shown.current?.focus()
  }, [isOpen])
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
      onClick={() => setOpen(true)}
      className="inline select-none rounded-s bg-line-strong px-1 py-px text-start text-transparent hover:bg-soft"
    >
      <span aria-hidden="true">{shownText(inlines)}</span>
    </button>
  )
}
