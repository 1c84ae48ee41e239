import { type PointerEvent, useCallback, useEffect, useRef } from 'react'

const pressMs = 450
/** A finger that moves further than this is scrolling. */
const moveTolerancePx = 10

/**
 * Event handlers for an element that can be pressed long. A long press on a link or button stays the browser's.
 * Lifting the finger after a long press clicks nothing.
 */
export function useLongPress(onLongPress: () => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null)

  const end = useCallback(() => {
    if (press.current) clearTimeout(press.current.timer)
    press.current = null
  }, [])
  useEffect(() => end, [end])

  return {
    onPointerDown: (event: PointerEvent) => {
      end()
      const target = event.target as Element
      // React also bubbles events from a sheet or menu to the message that rendered it.
      if (!event.currentTarget.contains(target)) return
      if (event.pointerType !== 'touch' || !event.isPrimary || target.closest('a, button')) return
      const timer = setTimeout(() => {
        press.current = null
        preventClick(target)
        onLongPress()
      }, pressMs)
      press.current = { timer, x: event.clientX, y: event.clientY }
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      if (press.current && Math.hypot(clientX - press.current.x, clientY - press.current.y) > moveTolerancePx) end()
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}

/**
 * When the finger is lifted, browsers click whatever is under it: perhaps a button of the sheet that the press opened.
 * @param target the element where the touch began: it receives all of its events, even after it was removed
 */
function preventClick(target: Element) {
  const released = new AbortController()
  const { signal } = released
  const onTouchEnd = (event: Event) => {
    event.preventDefault()
    released.abort()
  }
  target.addEventListener('touchend', onTouchEnd, { signal, passive: false })
  target.addEventListener('touchcancel', () => released.abort(), { signal })
}
