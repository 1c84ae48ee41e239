import { useEffect, useRef } from 'react'
import type { Room } from '../../sdk'
import type { RoomNotification } from './notification-text'

/** Time for another tab or device to mark the message as read before a notification is shown. */
const graceMs = 1_000

interface NotificationsOptions {
  rooms: readonly Room[] | null
  /** The viewer's username. */
  me: string
  /** The room that is shown. */
  current: string | null
  onOpen(room: string): void
}

/** Shows notifications for new messages in other rooms, at most one for each room at a time, if the browser allows it. */
export function useNotifications(options: NotificationsOptions) {
  const { rooms, me } = options
  const latest = useRef(options)
  latest.current = options
  const before = useRef<readonly Room[] | null>(null)
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>())

  useEffect(() => {
    const known = before.current
    before.current = rooms
    if (!rooms || !known || typeof Notification === 'undefined' || Notification.permission !== 'granted') return
    for (const notice of findNotifications(known, rooms, me)) {
      const timer = setTimeout(() => {
        timers.current.delete(timer)
        const { rooms: now, current, onOpen } = latest.current
        const room = now?.find(({ id }) => id === notice.room.id)
        const isSeen = document.visibilityState === 'visible' && current === notice.room.id
        if (!isSeen && room && room.readSeq < notice.room.lastSeq) void show(notice, onOpen)
      }, graceMs)
      timers.current.add(timer)
    }
  }, [rooms, me])

  useEffect(() => {
    const waiting = timers.current
    return () => {
      for (const timer of waiting) clearTimeout(timer)
    }
  }, [])
}

async function show(notice: RoomNotification, onOpen: (room: string) => void) {
  try {
    // With it comes the parser of texts, for which the page should not wait.
    const { notificationText } = await import('./notification-text')
    const { title, body } = notificationText(notice)
    const notification = new Notification(title, { body, tag: notice.room.id })
    notification.onclick = () => {
      window.focus()
      onOpen(notice.room.id)
      notification.close()
    }
  } catch {
    // Chrome on Android shows notifications only through a service worker.
  }
}

/**
 * The notifications for the difference between two states of the room list, at most one for each room. At the level "all"
 * any new message by somebody else counts, at "mentions" only new mentions. Changes to old messages never count.
 */
export function findNotifications(before: readonly Room[], after: readonly Room[], me: string): RoomNotification[] {
  const known = new Map(before.map((room) => [room.id, room]))
  return after.flatMap((room) => {
    const { lastMessage: message, lastSeq, readSeq, notify, mentions } = room
    // In a room that was just joined, everything before the read mark is old.
    const { lastSeq: lastSeqBefore, mentions: mentionsBefore } = known.get(room.id) ?? { lastSeq: readSeq, mentions: 0 }
    if (!message || lastSeq <= lastSeqBefore || readSeq >= lastSeq || notify === 'nothing') return []
    const isMention = mentions > mentionsBefore
    const isNewMessage = message.kind === 'text' && message.deletedAt === null && message.author.username !== me
    return isMention || (isNewMessage && notify === 'all') ? [{ room, message, isMention }] : []
  })
}
