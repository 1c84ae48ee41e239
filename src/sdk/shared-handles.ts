import type { Store } from './store'

interface Handle<Value> {
  state: Store<Value>
  /** Subscribes again after the server has ended it, for example when the person was let back into a room. */
  reopen(): void
  close(): void
}

/**
 * Handles of the same key share one subscription: the first opens it, and closing the last ends it. Opening one more
 * subscribes again if the server has ended it. A closed handle keeps its last state.
 */
export function createSharedHandles<Value, Opened extends Handle<Value>, Options extends unknown[]>(
  open: (key: string, ...options: Options) => Opened,
): (key: string, ...options: Options) => Opened {
  const opened = new Map<string, { handle: Opened; handles: number }>()
  return (key, ...options) => {
    const shared = opened.get(key) ?? { handle: open(key, ...options), handles: 0 }
    opened.set(key, shared)
    if (shared.handles++ > 0) shared.handle.reopen()
    const { state, close } = untilClosed(shared.handle.state)
    let isOpen = true
    return {
      ...shared.handle,
      state,
      close: () => {
        if (!isOpen) return
        isOpen = false
        close()
        if (--shared.handles > 0) return
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
        const stop = store.subscribe(listener)
        unsubscribe.add(stop)
        return () => {
          stop()
          unsubscribe.delete(stop)
        }
      },
    },
    close: () => {
      last = { value: store.get() }
      for (const stop of unsubscribe) stop()
    },
  }
}
