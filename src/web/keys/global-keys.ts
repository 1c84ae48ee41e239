import { useEffect, useRef } from 'react'
import { isKey, type KeyName } from './key-table'

/** Calls the handler of a key wherever the focus is, except over a dialog, and with `?` except where somebody is typing. */
export function useGlobalKeys(handlers: Partial<Record<KeyName, () => void>>) {
  const latest = useRef(handlers)
  latest.current = handlers
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const found = Object.entries(latest.current).find(([name]) => isKey(event, name as KeyName))
      if (!found || isOverPage(event) || (event.key === '?' && isTyping(event))) return
      event.preventDefault()
      found[1]()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
}

const isOverPage = ({ target }: Event) => target instanceof Element && target.closest('[role="dialog"], [role="menu"]') !== null

const isTyping = ({ target }: Event) => target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable="true"]')
