import { Chat } from '../web/chat'
import { readTheme, requireVisitor } from './visitor'

/** The chat. It opens the room with the newest message. */
export default async function HomePage() {
  const visitor = await requireVisitor('/')
  return <Chat key={visitor.id} visitor={visitor} room={null} opened={null} theme={await readTheme()} />
}
