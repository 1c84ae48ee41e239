import { type PointerEvent, useCallback, useEffect, useRef } from 'react'

const pressMs = 450
/** A finger that moves further than this is scrolling. */
const moveTolerancePx = 10
/** The link on a message's time is part of the message: the sheet can copy it. */
const foreignLinks = 'a:not(:has(> time))'
/** A click that belongs to a touch comes within this time after its end. */
const lateClickMs = 500

/**
 * Event handlers for an element that can be pressed long, its buttons too. A long press on a link in a
 * text stays the browser's.
 * Lifting the finger after a long press clicks nothing.
 * @param isOn false leaves long presses to the browser, which selects text
 */
export function useLongPress(onLongPress: () => void, isOn = true) {
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
      if (!isOn || event.pointerType !== 'touch' || !event.isPrimary || target.closest(foreignLinks)) return
      const timer = setTimeout(() => {
        press.current = null
        ignoreClicksOfThisTouch(target)
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
 * When the finger is lifted, browsers click whatever is under it: perhaps a button of the sheet that the press opened, or the
 * place beside it, which closes it. Some do so although the end of the touch was prevented, or cannot be prevented.
 * @param target the element where the touch began: it receives all of its events, even after it was removed
 */
function ignoreClicksOfThisTouch(target: Element) {
  const over = new AbortController()
  const { signal } = over
  const onTouchEnd = (event: Event) => {
    event.preventDefault()
    setTimeout(() => over.abort(), lateClickMs)
  }
  target.addEventListener('touchend', onTouchEnd, { signal, passive: false })
  const ignore = (event: Event) => {
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  addEventListener('click', ignore, { signal, capture: true })
  addEventListener('contextmenu', ignore, { signal, capture: true })
  // The next touch is another one.
  addEventListener('pointerdown', () => over.abort(), { signal, capture: true })
}
