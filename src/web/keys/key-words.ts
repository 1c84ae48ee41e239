import { useSyncExternalStore } from 'react'
import { isOnMac, keysOf } from './key-table'

/** Whether the keys are those of a Mac. False in the HTML from the server, which can't know. */
export const useMacKeys = (): boolean => useSyncExternalStore(never, isOnMac, () => false)

const never = () => () => {}

/** The keys of a combination in one line: "Ctrl K", "⌘K". */
export function useKeyWords(combination: string): string {
  const isMac = useMacKeys()
  return keysOf(combination, isMac).join(isMac ? '' : ' ')
}
