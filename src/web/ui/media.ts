import { useSyncExternalStore } from 'react'

/** Tailwind's `lg`: from here on a panel fits next to the messages. */
const wide = '(min-width: 64rem)'
const hovering = '(hover: hover)'

/** Whether a panel fits next to the messages. */
export const useWideScreen = mediaHook(wide)

/** Whether the person has a pointer that can hover, which also hits what is small. */
export const useHoveringPointer = mediaHook(hovering)

/** The same, asked once. */
export const hasHoveringPointer = () => matchMedia(hovering).matches

/** A hook that tells whether the media match; on the server it says no. */
function mediaHook(media: string): () => boolean {
  const matches = () => matchMedia(media).matches
  const onServer = () => false
  function subscribe(listener: () => void) {
    const query = matchMedia(media)
    query.addEventListener('change', listener)
    return () => query.removeEventListener('change', listener)
  }
  return () => useSyncExternalStore(subscribe, matches, onServer)
}

/** The same condition as the variant `mouse` in styles.css: a wide screen and a pointer that can hover. */
export const isForMouse = () => matchMedia('(width >= 48rem) and (hover: hover)').matches
