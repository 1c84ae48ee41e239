import { useEffect, useRef } from 'react'
import { cutQuote } from '../../contract/rules'
import type { Message, Room } from '../../sdk'

/** So long another tab or device has to show the message to somebody who looks: then it is read, and no news any more. */
const graceMs = 1_000

interface Notified {
  rooms: readonly Room[] | null
  /** The username of who is told. */
  me: string
  /** The room on the screen. */
  current: string | null
  onOpen(room: string): void
}

/** Tells of messages in rooms that nobody looks at, if the browser may: one notification for each room at a time. */
export function useNotifications(notified: Notified) {
  const { rooms, me } = notified
  const latest = useRef(notified)
  latest.current = notified
  const before = useRef<readonly Room[] | null>(null)
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>())

  useEffect(() => {
    const known = before.current
    before.current = rooms
    if (!rooms || !known || typeof Notification === 'undefined' || Notification.permission !== 'granted') return
    for (const news of findNotifications(known, rooms, me)) {
      const timer = setTimeout(() => {
        timers.current.delete(timer)
        const { rooms: now, current, onOpen } = latest.current
        const room = now?.find(({ id }) => id === news.room.id)
        const isSeen = document.visibilityState === 'visible' && current === news.room.id
        if (!isSeen && room && room.readSeq < news.room.lastSeq) show(news, onOpen)
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

function show(news: RoomNotification, onOpen: (room: string) => void) {
  const { title, body } = notificationText(news)
  try {
    const notification = new Notification(title, { body, tag: news.room.id })
    notification.onclick = () => {
      window.focus()
      onOpen(news.room.id)
      notification.close()
    }
  } catch {
    // Chrome on Android shows notifications only through a service worker.
  }
}

/** Something that somebody said in a room, worth telling a person of who does not look. */
export interface RoomNotification {
  room: Room
  message: Message
  /** The newest message of the room may not be the one that mentions them. */
  isMention: boolean
}

/**
 * What has been said between two states of the person's list, at most once for each room: of rooms with all messages
 * whatever others said, of rooms with mentions only when there are more of them. Changes of old messages are no news.
 */
export function findNotifications(before: readonly Room[], after: readonly Room[], me: string): RoomNotification[] {
  const known = new Map(before.map((room) => [room.id, room]))
  return after.flatMap((room) => {
    const { lastMessage: message, lastSeq, readSeq, notify, mentions } = room
    // Who has just come into a room has read what was said before.
    const { lastSeq: lastSeqBefore, mentions: mentionsBefore } = known.get(room.id) ?? { lastSeq: readSeq, mentions: 0 }
    if (!message || lastSeq <= lastSeqBefore || readSeq >= lastSeq || notify === 'nothing') return []
    const isMention = mentions > mentionsBefore
    const isSaid = message.kind === 'text' && message.deletedAt === null && message.author.username !== me
    return isMention || (isSaid && notify === 'all') ? [{ room, message, isMention }] : []
  })
}

/** What a notification says. */
export function notificationText({ room, message, isMention }: RoomNotification): { title: string; body: string } {
  const { author, text, kind } = message
  const name = author.displayName
  const title = room.kind === 'direct' ? room.name : `${isMention ? 'You were mentioned in ' : ''}${room.name}`
  if (kind !== 'text') return { title, body: '' }
  const said = cutQuote(text)
  return { title, body: room.kind === 'direct' && room.people.length === 1 ? said : `${name}: ${said}` }
}
