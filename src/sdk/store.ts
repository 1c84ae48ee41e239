/**
 * A value that changes over time. It fits React's `useSyncExternalStore`.
 * @example
 * const unsubscribe = client.status.subscribe(() => console.log(client.status.get().state))
 */
export interface Store<Value> {
  /** The current value: the same object until it changes. */
  get(): Value
  /** Procedures `listener` after each change. @returns an unsubscribe function */
  subscribe(listener: () => void): () => void
}

export function createStore<Value>(initial: Value): Store<Value> & { set(value: Value): void } {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(value, next)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
