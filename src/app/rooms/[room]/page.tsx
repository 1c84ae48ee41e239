import { notFound } from 'next/navigation'
import { ChatPage } from '../../../web/chat-page'
import { parseRoomPath, roomPath } from '../../../web/paths'
import { readOpenedRoom, readTheme, requireVisitor } from '../../visitor'

/** The chat, showing one room. Switching to another room does not load another page. */
export default async function RoomPage({ params }: PageProps<'/rooms/[room]'>) {
  const room = parseRoomPath(`/rooms/${(await params).room}`) ?? notFound()
  const visitor = await requireVisitor(roomPath(room))
  return <ChatPage key={visitor.id} visitor={visitor} room={room} opened={await readOpenedRoom(room, null)} theme={await readTheme()} />
}
