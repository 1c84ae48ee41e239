import { useEffect, useMemo } from 'react'
import { type ChatFailure, readFailure, type Store } from '../../sdk'
import { useStore } from '../../sdk/react'
import { createStore } from '../../sdk/store'

export interface Answer<Value> {
  /** Null until the server has answered. It stays when a later read fails. */
  value: Value | null
  /** Why the last read failed. */
  failure: ChatFailure | null
}

export interface AnswerStore<Value> extends Store<Answer<Value>> {
  /** Reads again. While a read is under way, which may be older than the reason to read again, another follows it. */
  reload(): void
  /** Changes the value by something that was heard since. */
  change(by: (value: Value) => Value): void
}

const nothing: Answer<never> = { value: null, failure: null }

/** What the server answers to one question, read again when there is a reason to. */
export function createAnswer<Value>(read: () => Promise<Value>): AnswerStore<Value> {
  const { set, ...store } = createStore<Answer<Value>>(nothing)
  let isReading = false
  let isStale = false
  async function reload() {
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale) {
      isStale = false
      await read().then(
        (value) => set({ value, failure: null }),
        (error: unknown) => set({ value: store.get().value, failure: readFailure(error) }),
      )
    }
    isReading = false
  }
  return {
    ...store,
    reload: () => void reload(),
    change: (by) => {
      if (isReading) isStale = true
      const { value, failure } = store.get()
      if (value === null) return
      const changed = by(value)
      if (changed !== value) set({ value: changed, failure })
    },
  }
}

/**
 * Asks when the component is mounted, and whenever the question changes.
 * @param read the question; a new function is a new one. Null to ask nothing
 */
export function useAnswer<Value>(read: (() => Promise<Value>) | null): Answer<Value> & Pick<AnswerStore<Value>, 'reload' | 'change'> {
  const store = useMemo(() => createAnswer<Value>(read ?? (() => new Promise(() => {}))), [read])
  useEffect(() => {
    if (read) store.reload()
  }, [read, store])
  return { ...useStore(store), reload: store.reload, change: store.change }
}
