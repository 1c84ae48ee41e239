import type { ChatClient } from '../../sdk'

/** The server forgets it after a little longer. */
const everyMs = 3_000

/** Tells the room that its reader is writing, now and then while they are. */
export function createTypingNews(client: ChatClient, room: string): () => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - toldAt < everyMs) return
    toldAt = performance.now()
    tellTyping(client, room)
  }
}

/** Nobody waits for it, and nothing is lost when it does not arrive. */
function tellTyping({ chat }: ChatClient, room: string) {
  chat.typing.mutate({ room }).catch(() => {})
}
