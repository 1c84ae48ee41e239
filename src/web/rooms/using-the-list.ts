import { type FocusEvent, type PointerEvent, type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { type RoomListRow, unreadBeyond } from './list-rows'
import type { ListWindow } from './list-window'

/** @returns handlers that tell whether the pointer or the focus is in the list */
export function useListHold(onHold: (isHeld: boolean) => void) {
  const held = useRef({ pointer: false, focus: false })
  const latest = useRef(onHold)
  latest.current = onHold
  return useMemo(() => {
    const set = (change: Partial<typeof held.current>) => {
      held.current = { ...held.current, ...change }
      latest.current(held.current.pointer || held.current.focus)
    }
    return {
      // A finger has no place while it is not on the screen. In a drawer, the list is held as long as that is open.
      onPointerEnter: ({ pointerType }: PointerEvent) => pointerType !== 'touch' && set({ pointer: true }),
      onPointerLeave: () => set({ pointer: false }),
      // Only of the keyboard: after a click the focus stays where it was clicked.
      onFocus: ({ target }: FocusEvent) => set({ focus: target.matches(':focus-visible') }),
      onBlur: () => set({ focus: false }),
    }
  }, [])
}

interface Hint {
  count: number
  /** The nearest unread room's row. */
  index: number
}

/** Whether unread rooms are out of sight. `update` is to be called when the list is scrolled or resized. */
export function useUnreadHints(list: RefObject<Pick<ListWindow, 'visible'> | null>, rows: readonly RoomListRow[], current: string | null) {
  const [hints, setHints] = useState<{ above: Hint | null; below: Hint | null }>({ above: null, below: null })
  const latest = useRef({ rows, current })
  latest.current = { rows, current }
  const update = useCallback(() => {
    const visible = list.current?.visible()
    if (!visible) return
    const { first, last } = visible
    const { above, below } = unreadBeyond(latest.current.rows, first, last, latest.current.current)
    const next = { above: hintOf(above, above.at(-1)), below: hintOf(below, below[0]) }
    setHints((before) => (isSame(before.above, next.above) && isSame(before.below, next.below) ? before : next))
  }, [list])
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows have other hints
  useLayoutEffect(update, [update, rows, current])
  return { ...hints, update }
}

const hintOf = ({ length: count }: readonly number[], index: number | undefined): Hint | null =>
  index === undefined ? null : { count, index }
const isSame = (a: Hint | null, b: Hint | null) => a?.count === b?.count && a?.index === b?.index
