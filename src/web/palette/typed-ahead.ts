import { type RefObject, useLayoutEffect } from 'react'
import type { PaletteState } from './palette'

/**
 * Keeps what is typed between opening the search and the moment its field has the focus: the first time, it has to be loaded.
 * Without it, the first letters would go into the message box.
 */
export function useTypedAhead(isOpen: boolean, kept: RefObject<PaletteState | null>) {
  useLayoutEffect(() => {
    if (!isOpen) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (event.target instanceof Element && event.target.closest('[role="dialog"]')) return
      event.preventDefault()
      event.stopPropagation()
      kept.current = { limits: {}, selected: '', scrollTop: 0, ...kept.current, text: (kept.current?.text ?? '') + event.key }
    }
    document.addEventListener('keydown', onKeyDown, true)
    return () => document.removeEventListener('keydown', onKeyDown, true)
  }, [isOpen, kept])
}
