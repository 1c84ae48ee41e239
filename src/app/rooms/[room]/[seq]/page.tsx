import { notFound } from 'next/navigation'
import { ChatPage } from '../../../../web/chat-page'
import { messagePath, parseMessagePath } from '../../../../web/paths'
import { readOpenedRoom, readTheme, requireVisitor } from '../../../visitor'

/** The chat, showing a room at one of its messages. */
export default async function MessagePage({ params }: PageProps<'/rooms/[room]/[seq]'>) {
  const { room, seq } = await params
  const place = parseMessagePath(`/rooms/${room}/${seq}`)
  if (place?.seq == null) notFound()
  const visitor = await requireVisitor(messagePath(place.room, place.seq))
  return (
    <ChatPage
      key={visitor.id}
      visitor={visitor}
      room={place.room}
      opened={await readOpenedRoom(place.room, place.seq)}
      theme={await readTheme()}
    />
  )
}
