import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ChatRoom, RoomTimeline } from '../../../sdk'
import { type Arrival, goToRoom } from '../../navigation'
import { roomPath } from '../../paths'
import type { Act } from '../../ui/act'
import { placeAtEntry, placeInRoom } from './places'
import { isWithin, type ListPlace } from './row-window'

/** Where the list should go. */
export interface Goal {
  place: ListPlace
  /** Whether the person asked for this very message: it is highlighted and takes the focus. */
  isAsked: boolean
}

export interface GoalOfList {
  /** A new object each time the list should go somewhere. */
  goal: Goal | null
  /** Whether the messages there are still being loaded, and no others were shown yet. */
  isFirstPending: boolean
  /** Goes to the newest message. */
  toNewest(): void
  /** Gives the focus to the room's first message or to its newest one, without a step in the browser's history. */
  toFirst(): void
  toLast(): void
}

/**
 * Follows the address: the message that it names, the place where the person left the room, or the newest messages.
 * @param arrival how the person got to the address; null in the page that the server rendered
 * @param run runs the loading, and shows why it failed
 */
export function useGoal(handle: ChatRoom, timeline: RoomTimeline, isLive: boolean, arrival: Arrival | null, run: Act['run']): GoalOfList {
  const { id: room } = handle
  const [goal, setGoal] = useState<Goal | null>(null)
  const first = useRef<Arrival | null>(null)
  const wanted = useMemo((): Goal | null => {
    if (arrival?.room !== room) return null
    first.current ??= arrival
    return goalOf(room, arrival, first.current === arrival)
  }, [room, arrival])

  const latest = useRef<Goal | null>(null)
  const go = useCallback(
    (next: Goal) => {
      latest.current = next
      setGoal(next)
      if (isLoaded(handle.state.get().timeline, next.place)) return
      void run(async () => {
        try {
          await load(handle, next.place)
          if (!isLoaded(handle.state.get().timeline, next.place)) throw new Error("Couldn't find that message.")
        } catch (error) {
          if (latest.current !== next) return
          setGoal({ ...toEnd })
          throw error
        }
      })
    },
    [handle, run],
  )

  useLayoutEffect(() => {
    if (isLive && wanted) go(wanted)
  }, [isLive, wanted, go])

  const target = goal ?? wanted
  const isThere = isLive && (target === null || isLoaded(timeline, target.place))
  const hasShown = useRef(false)
  hasShown.current ||= isThere

  return {
    goal: target,
    isFirstPending: isLive && !hasShown.current,
    toNewest: useCallback(() => {
      if (location.pathname === roomPath(room)) go({ ...toEnd })
      else goToRoom(room)
    }, [room, go]),
    toFirst: useCallback(() => go({ place: { kind: 'centre', seq: 1 }, isAsked: true }), [go]),
    toLast: useCallback(() => go({ ...toEnd, isAsked: true }), [go]),
  }
}

const toEnd: Goal = { place: { kind: 'newest' }, isAsked: false }

function goalOf(room: string, { seq, entry, isReturn }: Arrival, isFirst: boolean): Goal {
  const before = ((isReturn || isFirst) && placeAtEntry(room, entry)) || (isFirst && seq === null && placeInRoom(room))
  if (before) return { place: before, isAsked: false }
  return seq === null ? { ...toEnd } : { place: { kind: 'centre', seq }, isAsked: true }
}

const isLoaded = ({ messages, hasAfter }: RoomTimeline, place: ListPlace): boolean =>
  isWithin({ from: messages[0]?.seq ?? 1, to: messages.at(-1)?.seq ?? 0 }, hasAfter, place)

const load = (handle: ChatRoom, place: ListPlace) => (place.kind === 'newest' ? handle.openNewest() : handle.openAround(place.seq))
