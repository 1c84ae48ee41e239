import { useSyncExternalStore } from 'react'

/** Tailwind's `lg`: from here on a panel fits next to the messages. */
const wide = '(min-width: 64rem)'

/** Whether a panel fits next to the messages. */
export function useWideScreen(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => matchMedia(wide).matches,
    () => false,
  )
}

function subscribe(listener: () => void) {
  const query = matchMedia(wide)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** The same condition as the variant `mouse` in styles.css: a wide screen and a pointer that can hover. */
export const isForMouse = () => matchMedia('(width >= 48rem) and (hover: hover)').matches
