import { type RefObject, useEffect, useState } from 'react'

/**
 * On a touch screen a long press opens the sheet, so a message's text can be selected only on request: from then on until
 * nothing of it is selected any more. It begins with the whole text, and the browser's own handles change that.
 */
export function useTextSelection(text: RefObject<HTMLElement | null>): { isOn: boolean; begin(): void } {
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    if (!isOn) return
    let hasBegun = false
    const onChange = () => {
      const selection = getSelection()
      const isInside = selection !== null && !selection.isCollapsed && text.current?.contains(selection.anchorNode) === true
      if (hasBegun && !isInside) setOn(false)
      hasBegun ||= isInside
    }
    // After the sheet has returned the focus, which would end the selection.
    const beginning = setTimeout(() => {
      if (text.current) getSelection()?.selectAllChildren(text.current)
    }, 50)
    document.addEventListener('selectionchange', onChange)
    return () => {
      clearTimeout(beginning)
      document.removeEventListener('selectionchange', onChange)
    }
  }, [isOn, text])
  return { isOn, begin: () => setOn(true) }
}
