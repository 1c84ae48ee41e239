import type { Store } from './store'

interface Handle<Value> {
  state: Store<Value>
  /** Follows again after the server has ended it, for example when the user was let back into a room. */
  reopen(): void
  close(): void
}

/**
 * Handles of the same thing share one subscription: the first opens it, and closing the last ends it. One that the server
 * has ended is asked for again by the next. A handle that was closed keeps showing its last state.
 */
export function createSharedHandles<Value, Opened extends Handle<Value>>(open: (key: string) => Opened): (key: string) => Opened {
  const opened = new Map<string, { handle: Opened; users: number }>()
  return (key) => {
    const shared = opened.get(key) ?? { handle: open(key), users: 0 }
    opened.set(key, shared)
    // The server may have ended it for those who opened it earlier: a new handle asks again.
    if (shared.users++ > 0) shared.handle.reopen()
    const { state, close } = untilClosed(shared.handle.state)
    let isOpen = true
    return {
      ...shared.handle,
      state,
      close: () => {
        if (!isOpen) return
        isOpen = false
        close()
        if (--shared.users > 0) return
        opened.delete(key)
        shared.handle.close()
      },
    }
  }
}

function untilClosed<Value>(store: Store<Value>): { state: Store<Value>; close(): void } {
  let last: { value: Value } | null = null
  const unsubscribe = new Set<() => void>()
  return {
    state: {
      get: () => (last ? last.value : store.get()),
      subscribe: (listener) => {
        if (last) return () => {}
        const off = store.subscribe(listener)
        unsubscribe.add(off)
        return () => {
          off()
          unsubscribe.delete(off)
        }
      },
    },
    close: () => {
      last = { value: store.get() }
      for (const off of unsubscribe) off()
    },
  }
}
