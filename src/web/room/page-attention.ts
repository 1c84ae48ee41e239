import { useSyncExternalStore } from 'react'

/** Whether somebody looks at this page: it is visible, and its window has the focus. */
export const usePageAttention = (): boolean => useSyncExternalStore(subscribe, hasAttention, () => false)

const hasAttention = () => document.visibilityState === 'visible' && document.hasFocus()

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  addEventListener('focus', listener)
  addEventListener('blur', listener)
  return () => {
    document.removeEventListener('visibilitychange', listener)
    removeEventListener('focus', listener)
    removeEventListener('blur', listener)
  }
}
