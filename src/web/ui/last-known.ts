import { useRef } from 'react'

/**
 * The value as it last was while there was one; null before that.
 * Not kept in state: setting state while rendering never ends when the value is a new object in each render.
 */
export function useLastKnown<Value>(value: Value | null | undefined): Value | null {
  const known = useRef<Value | null>(null)
  if (value !== null && value !== undefined) known.current = value
  return known.current
}

/** Whether a condition is met, or was in an earlier render. */
export const useEver = (isMet: boolean): boolean => useLastKnown(isMet || null) !== null
