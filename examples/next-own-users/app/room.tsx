'use client'

import { type ChatRoom, createChat, type FirstPage, type Message } from '@roomline/sdk'
import { type FormEvent, useEffect, useRef, useState } from 'react'

async function fetchToken(): Promise<string | null> {
  const answer = await fetch('/api/chat-token')
  if (answer.status === 401) return null
  if (!answer.ok) throw new Error(`The token could not be fetched: ${answer.status}`)
  return answer.text()
}

/** A room whose first page is in the HTML already. The client goes on from it. */
export function Room({ url, id, first }: { url: string; id: string; first: FirstPage | null }) {
  const [messages, setMessages] = useState<readonly Message[]>(first?.messages ?? [])
  const [status, setStatus] = useState('not connected yet')
  const room = useRef<ChatRoom | null>(null)

  useEffect(() => {
    const chat = createChat({ url, auth: fetchToken })
    const opened = chat.room(id, { initial: first })
    room.current = opened
    const stops = [
      opened.state.subscribe(() => setMessages(opened.state.get().timeline.messages)),
      chat.connection.subscribe(() => setStatus(chat.connection.get().state)),
    ]
    return () => {
      for (const stop of stops) stop()
      void chat.close()
    }
  }, [url, id, first])

  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    room.current?.send(String(new FormData(form).get('text')))
    form.reset()
  }

  return (
    <section aria-label={id}>
      <p role="status">{status}</p>
      <ul>
        {messages
          .filter(({ text }) => text !== '')
          .map(({ seq, author, text }) => (
            <li key={seq}>
              {author.displayName}: {text}
            </li>
          ))}
      </ul>
      <form onSubmit={send}>
        <input name="text" aria-label="Message" autoComplete="off" required />
        <button type="submit">Send</button>
      </form>
    </section>
  )
}
