import { ChatPage } from '../web/chat-page'
import { readTheme, requireVisitor } from './visitor'

/** The chat. It opens the room with the newest message. */
export default async function HomePage() {
  const visitor = await requireVisitor('/')
  return <ChatPage key={visitor.id} visitor={visitor} room={null} opened={null} theme={await readTheme()} />
}
