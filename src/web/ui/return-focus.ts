import { useState } from 'react'

/**
 * For a dialog that is open as long as it is rendered: when it is gone, the focus goes back to where it was before,
 * unless it has led to a room and somebody can write there already.
 */
export function useReturnFocus(): (event: Event) => void {
  const [before] = useState(() => document.activeElement)
  return (event) => {
    event.preventDefault()
    if (document.activeElement?.id === 'composer') return
    if (before instanceof HTMLElement && before.isConnected) before.focus()
  }
}
