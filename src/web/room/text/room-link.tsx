import type { MouseEvent } from 'react'
import { goToRoom } from '../../navigation'
import { roomPath } from '../../paths'
import { useRoomNames } from './room-names'

/** "#general", a link where the viewer has such a room in their list. */
export function RoomLink({ slug, text }: { slug: string; text: string }) {
  const name = useRoomNames().get(slug)
  if (name === undefined) return text

  function open(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    goToRoom(slug)
  }

  return (
    <a
      href={roomPath(slug)}
      title={name}
      onClick={open}
      className="rounded-s bg-accent-soft px-1 py-px font-medium text-accent hover:underline"
    >
      {text}
    </a>
  )
}
