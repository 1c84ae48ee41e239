import { useMemo, useSyncExternalStore } from 'react'
import type { Store } from '../store'

/**
 * A part of what a store has. Renders again only when that part changes: of an object, when one of its fields does, and of a
 * list, when one of its elements does.
 * @param store null on a server
 * @param select must be the same function each time
 * @param onServer gives what the store has on a server, and while a browser takes over what a server has rendered. It must be
 * the same function each time
 */
export function useSelected<Value, Part>(store: Store<Value> | null, select: (value: Value) => Part, onServer: () => Value): Part {
  const [subscribe, get, getOnServer] = useMemo(() => {
    let last: { value: Value; part: Part } | null = null
    const read = (value: Value): Part => {
      if (last && Object.is(last.value, value)) return last.part
      const part = select(value)
      last = { value, part: last && isAlike(last.part, part) ? last.part : part }
      return last.part
    }
    return [store?.subscribe ?? neverCalls, () => read((store?.get ?? onServer)()), () => read(onServer())] as const
  }, [store, select, onServer])
  return useSyncExternalStore(subscribe, get, getOnServer)
}

/**
 * The current value of a store, for example of one that `chat.people.in(room)` has opened.
 * @param select takes a part of it, which must be the same function each time: then only changes of that part render again
 * @example
 * const lastSeq = useStore(room.state, readLastSeq)
 * const readLastSeq = ({ timeline }: RoomState) => timeline.lastSeq
 */
export function useStore<Value>(store: Store<Value>): Value
export function useStore<Value, Part>(store: Store<Value>, select: (value: Value) => Part): Part
export function useStore<Value>(store: Store<Value>, select: (value: Value) => unknown = asItIs): unknown {
  return useSelected(store, select, store.get)
}

export const asItIs = <Value>(value: Value): Value => value

const neverCalls = () => () => {}

/** Whether showing one looks like showing the other. */
function isAlike(one: unknown, other: unknown): boolean {
  if (isSame(one, other)) return true
  if (!isPlain(one) || !isPlain(other)) return false
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every((key) => isSame(one[key], other[key]))
}

/** The same value, or two lists of the same values. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!Array.isArray(one) || !Array.isArray(other)) return false
  return one.length === other.length && one.every((element, index) => Object.is(element, other[index]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
