import type { FirstPage } from '../../../src/sdk'
import { ChatProvider, type ChatProviderProps, RoomProvider, useConnection, useMessages, useRoom } from '../../../src/sdk/react'

/** A page of an app that renders it on its server. */
export function RoomPage({ chat, first }: { chat: ChatProviderProps; first: FirstPage }) {
  return (
    <ChatProvider {...chat}>
      <RoomProvider id="general" initial={first}>
        <Lines />
        <Below />
      </RoomProvider>
    </ChatProvider>
  )
}

function Lines() {
  const { state, messages } = useMessages()
  return (
    <ol data-state={state}>
      {messages.map(({ seq, author, text }) => (
        <li key={seq}>{`${author.displayName}: ${text}`}</li>
      ))}
    </ol>
  )
}

function Below() {
  const room = useRoom()
  const { status } = useConnection()
  return (
    <button
      type="button"
      data-room={room.id}
      data-status={status.state === 'connecting' ? 'connecting' : 'other'}
      onClick={() => room.send('Hello')}
    >
      Say hello
    </button>
  )
}
