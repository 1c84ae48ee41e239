import { useEffect, useRef } from 'react'
import type { Room } from '../../sdk'
import { newsBetween, type RoomNews, wordsOf } from './room-news'

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
    for (const news of newsBetween(known, rooms, me)) {
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

function show(news: RoomNews, onOpen: (room: string) => void) {
  const { title, body } = wordsOf(news)
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
