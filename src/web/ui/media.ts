import { useSyncExternalStore } from 'react'

/** As Tailwind's `lg`: from here on there is room for something beside the messages. */
const wide = '(min-width: 64rem)'

/** Whether a panel fits beside the messages, kept current. */
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

/** As the variant `mouse` in styles.css: a wide screen whose first pointer can hover over things. */
export const isForMouse = () => matchMedia('(width >= 48rem) and (hover: hover)').matches
