import { useSyncExternalStore } from 'react'
import { type ChatRoom, readFailure } from '../../../sdk'

export interface ReadMarks {
  /** Call this with each new state. `listedReadSeq` is the room list's; `isLooking` whether the newest message is in view. */
  update(now: { lastSeq: number; listedReadSeq: number | undefined; isLooking: boolean }): void
  /** Makes this message and all later ones unread. They stay so until `resume`. */
  markUnread(seq: number): Promise<void>
  /** Call this when the user scrolls to the newest message or sends one. */
  resume(): void
  close(): void
}

const delayMs = 300
const retryMs = 3_000

/** Moves a room's read mark forward as messages are seen: after a short delay, and one call at a time. */
export function createReadMarks({ markRead, markUnread }: Pick<ChatRoom, 'markRead' | 'markUnread'>): ReadMarks {
  let now = { lastSeq: 0, listedReadSeq: undefined as number | undefined, isLooking: false }
  let readUpTo: number | undefined
  /** Where `markUnread` put it here; the list will say the same a moment later. */
  let markedUnreadAt: number | undefined
  let isHeld = false
  let isCalling = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const isDue = () => now.isLooking && !isHeld && readUpTo !== undefined && now.lastSeq > readUpTo

  function schedule(afterMs: number) {
    clearTimeout(timer)
    if (!isCalling && isDue()) timer = setTimeout(mark, afterMs)
  }

  async function mark() {
    if (!isDue()) return
    isCalling = true
    let waitMs = delayMs
    try {
      const { readSeq } = await markRead(now.lastSeq)
      if (!isHeld) readUpTo = readSeq
    } catch (error) {
      const { retry, retryAfterMs } = readFailure(error)
      if (!retry) isHeld = true
      waitMs = retryAfterMs ?? retryMs
    }
    isCalling = false
    schedule(waitMs)
  }

  return {
    update: (next) => {
      const before = now
      now = next
      const { listedReadSeq: listed } = next
      if (listed !== undefined && listed !== before.listedReadSeq) {
        // It only moves back when the user marked messages as unread, here or on another device.
        if (before.listedReadSeq !== undefined && listed < before.listedReadSeq && listed !== markedUnreadAt) isHeld = true
        readUpTo = listed
      } else if (next.lastSeq === before.lastSeq && next.isLooking === before.isLooking) return
      schedule(delayMs)
    },
    markUnread: async (seq) => {
      const wasHeld = isHeld
      isHeld = true
      clearTimeout(timer)
      try {
        const { readSeq } = await markUnread(seq)
        readUpTo = readSeq
        markedUnreadAt = readSeq
      } catch (error) {
        isHeld = wasHeld
        throw error
      }
    },
    resume: () => {
      if (!isHeld) return
      isHeld = false
      schedule(delayMs)
    },
    close: () => clearTimeout(timer),
  }
}

/** Whether the page is visible and its window has the focus. */
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
