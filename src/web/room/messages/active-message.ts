import { useCallback, useEffect, useId, useSyncExternalStore } from 'react'

/** Why a message shows its toolbar. An open menu comes before everything else; of the others, the latest. */
export type ActiveReason = 'pointer' | 'focus' | 'menu'

export interface ActiveMessages {
  /** Makes this message the one that is active for a reason. */
  take(id: string, reason: ActiveReason): void
  /** The message is no longer active for this reason, or for any. */
  drop(id: string, reason?: ActiveReason): void
  /** The message that shows its toolbar; null for none. */
  get(): string | null
  subscribe(listener: () => void): () => void
}

/** Keeps to one toolbar at a time: the pointer can be over one message while the focus is in another. */
export function createActiveMessages(): ActiveMessages {
  /** In the order in which they came. */
  const taken = new Map<ActiveReason, string>()
  const listeners = new Set<() => void>()
  const get = () => taken.get('menu') ?? [...taken.values()].at(-1) ?? null

  function change(act: () => void) {
    const before = get()
    act()
    if (get() !== before) for (const listener of [...listeners]) listener()
  }

  return {
    get,
    take: (id, reason) =>
      change(() => {
        taken.delete(reason)
        taken.set(reason, id)
      }),
    drop: (id, reason) =>
      change(() => {
        for (const [key, of] of taken) if (of === id && (reason ?? key) === key) taken.delete(key)
      }),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const activeMessages = createActiveMessages()

export interface MessageActivity {
  isActive: boolean
  take(reason: ActiveReason): void
  drop(reason?: ActiveReason): void
}

/** Whether the message that calls it is the active one of the page. */
export function useMessageActivity(): MessageActivity {
  const id = useId()
  const isActive = useSyncExternalStore(
    activeMessages.subscribe,
    () => activeMessages.get() === id,
    () => false,
  )
  useEffect(() => () => activeMessages.drop(id), [id])
  return {
    isActive,
    take: useCallback((reason) => activeMessages.take(id, reason), [id]),
    drop: useCallback((reason) => activeMessages.drop(id, reason), [id]),
  }
}
