import { useState } from 'react'
import { type ChatFailure, readFailure } from '../../sdk'

/** Something that a person asked for: whether it is under way, and why it was refused. */
export interface Act {
  pending: boolean
  failure: ChatFailure | null
  /** Runs it, one at a time. @returns what it gave, or null when it was refused */
  run<Value>(call: () => Promise<Value>): Promise<Value | null>
}

export function useAct(): Act {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  return {
    pending,
    failure,
    run: async (call) => {
      if (pending) return null
      setPending(true)
      setFailure(null)
      try {
        return await call()
      } catch (error) {
        setFailure(readFailure(error))
        return null
      } finally {
        setPending(false)
      }
    },
  }
}
