import clsx from 'clsx'
import { type FocusEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { isKeptOpen, keepOpen } from './kept-open'

/** Below this no text is as high as a fold, however narrow the page. */
const mayBeHigh = (text: string) => text.length > 150 || text.split('\n', 9).length > 8

/** Folds a text that is higher than the page wants it, and offers to show it all. */
export function Foldable({ text, children }: { text: string; children: ReactNode }) {
  return mayBeHigh(text) ? <Folded text={text}>{children}</Folded> : children
}

function Folded({ text, children }: { text: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const id = useId()
  const [isOpen, setOpen] = useState(() => isKeptOpen(text))
  const [isHigh, setHigh] = useState(isOpen)

  useEffect(() => {
    const element = box.current
    if (!element || isOpen) return
    const observer = new ResizeObserver(() => setHigh(element.scrollHeight > element.clientHeight + 1))
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [isOpen])

  function change(open: boolean) {
    keepOpen(text, open)
    setOpen(open)
    if (!open) box.current?.closest('li')?.scrollIntoView({ block: 'nearest' })
  }

  /** The keyboard reaches what is folded away: show it. */
  function onFocus({ target }: FocusEvent) {
    const { current } = box
    if (current && target.getBoundingClientRect().bottom > current.getBoundingClientRect().bottom) change(true)
  }

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only hears of the focus of what is in it */}
      <div
        ref={box}
        id={id}
        onFocus={isHigh && !isOpen ? onFocus : undefined}
        className={clsx(!isOpen && 'max-h-[26rem] overflow-clip', isHigh && !isOpen && 'folded')}
      >
        {children}
      </div>
      {isHigh && (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => change(!isOpen)}
          className="mt-1 min-h-11 rounded-s font-medium text-accent text-sm underline decoration-accent/40 underline-offset-3 hover:decoration-current mouse:min-h-6"
        >
          {isOpen ? 'Show less' : 'Show more'}
        </button>
      )}
    </>
  )
}
