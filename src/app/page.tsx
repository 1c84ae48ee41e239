import { Chat } from '../web/chat'
import { readTheme, requireVisitor } from './visitor'

/** The chat, which goes on to the room with the newest talk. */
export default async function HomePage() {
  const visitor = await requireVisitor('/')
  return <Chat visitor={visitor} room={null} theme={await readTheme()} />
}
