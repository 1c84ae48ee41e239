import { type PointerEvent, useCallback, useEffect, useRef } from 'react'

const afterMs = 450
/** A finger that goes further scrolls. */
const strayPx = 10

/** Handlers for what a finger can be held on. Links keep what the browser does with them. */
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
      if (event.pointerType !== 'touch' || (event.target as Element).closest('a, button')) return
      const timer = setTimeout(() => {
        press.current = null
        onLongPress()
      }, afterMs)
      press.current = { timer, x: event.clientX, y: event.clientY }
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      if (press.current && Math.hypot(clientX - press.current.x, clientY - press.current.y) > strayPx) end()
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}
