import { useSyncExternalStore } from 'react'
import { type RoomHandle, readFailure } from '../../../sdk'

export interface ReadMarks {
  /** What is so now: the newest place, up to where the room list says it was read, and whether its reader looks at the newest. */
  update(now: { lastSeq: number; listedReadSeq: number | undefined; isLooking: boolean }): void
  /** From this message on it is unread, and stays so until `resume`. */
  markUnread(seq: number): Promise<void>
  /** The reader has come back to what is new by their own doing. */
  resume(): void
  close(): void
}

const settleMs = 300
const againMs = 3_000

/** Moves one room's read mark to what its reader has seen: a moment later, one call at a time, and never back. */
export function createReadMarks({ markRead, markUnread }: Pick<RoomHandle, 'markRead' | 'markUnread'>): ReadMarks {
  let now = { lastSeq: 0, listedReadSeq: undefined as number | undefined, isLooking: false }
  let readUpTo: number | undefined
  /** Where the reader put it here; the list says so too, a moment later. */
  let putAt: number | undefined
  let isHeld = false
  let isCalling = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const isDue = () => now.isLooking && !isHeld && readUpTo !== undefined && now.lastSeq > readUpTo

  function plan(afterMs: number) {
    clearTimeout(timer)
    if (!isCalling && isDue()) timer = setTimeout(mark, afterMs)
  }

  async function mark() {
    if (!isDue()) return
    isCalling = true
    let waitMs = settleMs
    try {
      const { readSeq } = await markRead(now.lastSeq)
      if (!isHeld) readUpTo = readSeq
    } catch (error) {
      const { retry, retryAfterMs } = readFailure(error)
      if (!retry) isHeld = true
      waitMs = retryAfterMs ?? againMs
    }
    isCalling = false
    plan(waitMs)
  }

  return {
    update: (next) => {
      const before = now
      now = next
      const { listedReadSeq: listed } = next
      if (listed !== undefined && listed !== before.listedReadSeq) {
        // It goes back only when the person wants it unread: here, or on another device.
        if (before.listedReadSeq !== undefined && listed < before.listedReadSeq && listed !== putAt) isHeld = true
        readUpTo = listed
      } else if (next.lastSeq === before.lastSeq && next.isLooking === before.isLooking) return
      plan(settleMs)
    },
    markUnread: async (seq) => {
      const wasHeld = isHeld
      isHeld = true
      clearTimeout(timer)
      try {
        const { readSeq } = await markUnread(seq)
        readUpTo = readSeq
        putAt = readSeq
      } catch (error) {
        isHeld = wasHeld
        throw error
      }
    },
    resume: () => {
      if (!isHeld) return
      isHeld = false
      plan(settleMs)
    },
    close: () => clearTimeout(timer),
  }
}

/** Whether somebody looks at this page: it is visible, and its window has the focus. */
export const usePageAttention = (): boolean => useSyncExternalStore(subscribe, hasAttention, () => false)

const hasAttention = () => document.visibilityState === 'visible' && document.hasFocus()

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  addEventListener('focus', listener)
  addEventListener('blur', listener)
  return () => {
    document.removeEventListener('visibilitychange', listener)
    removeEventListener('focus', listener)
    removeEventListener('blur', listener)
  }
}
