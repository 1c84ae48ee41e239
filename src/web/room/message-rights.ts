import { useEffect, useState } from 'react'
import { failures } from '../../contract/failures'
import { hasRoomRole, maxTimerMs } from '../../contract/rules'
import type { Message, Room } from '../../sdk'
import { formatUntil } from '../ui/times'

/** What the viewer may do with the messages of a room. */
export interface MessageRights {
  /** Why they may not write, in words to show; null when they may. */
  refusal: string | null
  /** Whether they may react, and edit their own messages. */
  mayAct: boolean
  mayRemoveOwn: boolean
  mayRemoveAny: boolean
}

/** @param messages are also looked at, because an archived room is in nobody's list */
export function useMessageRights(listed: Room | undefined, messages: readonly Message[]): MessageRights {
  const isMuted = useIsBefore(listed?.mutedUntil ?? null)
  const lastLine = messages.findLast(({ kind }) => kind === 'archived' || kind === 'restored')
  const isArchived = lastLine ? lastLine.kind === 'archived' : listed?.archivedAt != null
  const isRestricted = listed?.postingPolicy === 'moderators' && !hasRoomRole(listed.role, 'moderator')
  return {
    refusal: isArchived
      ? failures.ROOM_ARCHIVED.words
      : isMuted && listed?.mutedUntil
        ? `You're muted in this room until ${formatUntil(listed.mutedUntil)}. You can read, but not write.`
        : isRestricted
          ? failures.POSTING_RESTRICTED.words
          : null,
    mayAct: !isArchived && !isMuted,
    mayRemoveOwn: !isArchived,
    mayRemoveAny: !isArchived && hasRoomRole(listed?.role ?? null, 'moderator'),
  }
}

/** Whether a time is still in the future. Renders again when it has passed. */
function useIsBefore(time: string | null): boolean {
  const [, setChecks] = useState(0)
  const leftMs = time === null ? 0 : Date.parse(time) - Date.now()
  useEffect(() => {
    if (leftMs <= 0) return
    const timer = setTimeout(() => setChecks((checks) => checks + 1), Math.min(leftMs + 100, maxTimerMs))
    return () => clearTimeout(timer)
  }, [leftMs])
  return leftMs > 0
}
