import {
  ChatProvider,
  Composer,
  ConnectionBanner,
  MessageList,
  RoomProvider,
  TypingLine,
  usePresence,
  useUnread,
} from '@roomline/sdk/react'
import '@roomline/sdk/react/styles.css'
import { useCallback, useState } from 'react'

/** Set by vite.config.js. */
const realtimeUrl = import.meta.env.ROOMLINE_REALTIME_URL

export function Widget() {
  const [name, setName] = useState('')
  return (
    <aside className="widget" aria-label="Chat">
      {name === '' ? (
        <form
          className="name"
          onSubmit={(event) => {
            event.preventDefault()
            setName(String(new FormData(event.currentTarget).get('name')))
          }}
        >
          <label htmlFor="name">Your name</label>
          <input id="name" name="name" required autoComplete="nickname" />
          <button type="submit">Chat</button>
        </form>
      ) : (
        <Room name={name} />
      )}
    </aside>
  )
}

function Room({ name }: { name: string }) {
  const fetchToken = useCallback(async () => {
    const response = await fetch('/api/chat-token', { method: 'POST', body: name })
    if (!response.ok) throw new Error(`no token: ${response.status}`)
    return response.text()
  }, [name])
  return (
    <ChatProvider url={realtimeUrl} auth={fetchToken}>
      <RoomProvider id="general">
        <Header />
        <ConnectionBanner />
        <MessageList label="Messages in general" />
        <TypingLine />
        <Composer />
      </RoomProvider>
    </ChatProvider>
  )
}

function Header() {
  const { known, count } = usePresence()
  const { badge } = useUnread()
  return (
    <header>
      general {known && <small>{count} online</small>} {badge > 0 && <small>{badge} unread</small>}
    </header>
  )
}
