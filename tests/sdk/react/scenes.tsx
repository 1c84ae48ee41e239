import { Profiler, type ReactNode, StrictMode, Suspense, useState } from 'react'
import { flushSync } from 'react-dom'
import { hydrateRoot } from 'react-dom/client'
import { type Chat, type ChatFailureName, type FirstPage, readFailure } from '../../../src/sdk'
import {
  ChatProvider,
  Composer,
  ConnectionBanner,
  MessageList,
  RoomProvider,
  TypingLine,
  useChat,
  useComposer,
  useConnection,
  useMembers,
  useMessages,
  usePresence,
  useRoom,
  useRooms,
  useSearch,
  useThread,
  useTyping,
  useUnread,
} from '../../../src/sdk/react'
import * as suspense from '../../../src/sdk/react/suspense'
import { createTestServer } from '../../../src/sdk/testing'
import { RoomPage } from './room-page'
import { Boundary, createStage } from './stage'

const inGeneral = (chat: Chat, children: ReactNode) => (
  <ChatProvider chat={chat}>
    <RoomProvider id="general">{children}</RoomProvider>
  </ChatProvider>
)

/** Waits for something that a timer or a browser does. */
async function until(isDone: () => boolean, what = String(isDone)): Promise<void> {
  const end = performance.now() + 10_000
  while (!isDone()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets everything run that is due. A timer would wait for some milliseconds. */
const turn = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

const textsOf = (element: ParentNode) => [...element.querySelectorAll('li')].map(({ textContent }) => textContent)

export const scenes = {
  async 'one render for each visible change'() {
    await using stage = createStage()
    const { server } = stage
    const commits: Record<string, number> = { messages: 0, presence: 0, room: 0 }
    const count = (name: string) => () => {
      commits[name] = (commits[name] ?? 0) + 1
    }
    const Messages = () => (
      <ol>
        {useMessages().messages.map(({ seq, text }) => (
          <li key={seq}>{text}</li>
        ))}
      </ol>
    )
    const Presence = () => <p>{usePresence().count}</p>
    const Room = () => <p>{useRoom().id}</p>
    const chat = stage.connect('ada')
    await stage.render(
      inGeneral(
        chat,
        <>
          <Profiler id="messages" onRender={count('messages')}>
            <Messages />
          </Profiler>
          <Profiler id="presence" onRender={count('presence')}>
            <Presence />
          </Profiler>
          <Profiler id="room" onRender={count('room')}>
            <Room />
          </Profiler>
        </>,
      ),
    )
    const before = { ...commits }
    const since = () => Object.fromEntries(Object.entries(commits).map(([name, total]) => [name, total - (before[name] ?? 0)]))
    for (let number = 1; number <= 100; number++) {
      server.say('ben', 'general', `message ${number}`)
      await stage.rest()
    }
    const after100 = since()
    // Things that nobody sees: somebody types, a connection is lost and found again.
    server.type('ben', 'general')
    await stage.rest()
    server.disconnect('ada')
    await server.clock.advance(4_000)
    await stage.rest()
    const lines = stage.element.querySelectorAll('li').length
    return { after100, afterInvisible: since().messages, lines }
  },

  async 'own messages: pending, then sent'() {
    await using stage = createStage()
    const shown: string[] = []
    const Messages = () => {
      const { messages, unsent } = useMessages()
      const line = [...messages.map(({ text }) => text), ...unsent.map(({ text, state }) => `${text} (${state})`)].join(', ')
      if (shown.at(-1) !== line) shown.push(line)
      return <p>{line}</p>
    }
    const chat = stage.connect('ada')
    await stage.render(inGeneral(chat, <Messages />))
    const stop = stage.server.reject('chat.send', 'MUTED')
    const room = chat.room('general')
    const { clientId } = room.send('Hello')
    await stage.rest()
    stop()
    room.retry(clientId)
    await stage.rest()
    return shown
  },

  async 'strict mode opens everything once'() {
    await using stage = createStage()
    const All = () => {
      useMessages()
      usePresence()
      useTyping()
      useRooms()
      useUnread()
      useConnection()
      return null
    }
    const chat = stage.connect('ada')
    await stage.render(inGeneral(chat, <All />))
    return { subscribed: stage.subscribed.sort(), following: stage.following() }
  },

  async 'closes what nobody uses, and keeps what comes back'() {
    await using stage = createStage()
    const chat = stage.connect('ada')
    const Messages = () => (
      <ol>
        {useMessages().messages.map(({ seq, text }) => (
          <li key={seq}>{text}</li>
        ))}
      </ol>
    )
    stage.server.say('ben', 'general', 'Hello')
    await stage.render(inGeneral(chat, <Messages />))
    await stage.render(null)
    stage.server.say('ben', 'general', 'Are you there?')
    await stage.rest()
    const whileAway = stage.following()
    stage.root.render(inGeneral(chat, <Messages />))
    await until(() => stage.element.querySelector('ol') !== null)
    const atOnce = textsOf(stage.element)
    await stage.render(null)
    await until(() => stage.following().length === 0)
    return { whileAway, atOnce, subscribed: stage.subscribed.length }
  },

  async 'a room that somebody was removed from says so, and opens again'() {
    await using stage = createStage()
    const { server } = stage
    server.room('team', { kind: 'private', roles: { ben: 'owner' }, members: ['ada'] })
    const Messages = () => {
      const { state, failure, reopen } = useMessages()
      return (
        <button type="button" onClick={reopen}>
          {state} {failure?.name}
        </button>
      )
    }
    const [ada, ben] = [stage.connect('ada'), stage.connect('ben')]
    await stage.render(
      <ChatProvider chat={ada}>
        <RoomProvider id="team">
          <Messages />
        </RoomProvider>
      </ChatProvider>,
    )
    const states = [stage.text()]
    const act = async (call: Promise<unknown>) => {
      await Promise.all([call, stage.rest()])
      await stage.rest()
      states.push(stage.text())
    }
    await act(ben.trpc.rooms.remove.mutate({ room: 'team', username: 'ada' }))
    await act(ben.trpc.rooms.invite.mutate({ room: 'team', username: 'ada' }))
    stage.element.querySelector('button')?.click()
    await until(() => stage.text().startsWith('live'))
    return states
  },

  async 'suspense: waits for the room, throws its end, and tries again'() {
    await using stage = createStage()
    const { server } = stage
    server.room('team', { kind: 'private', roles: { ben: 'owner' } })
    const messages = server.say('ben', 'team', 'Welcome')
    const Messages = () => (
      <ol>
        {suspense.useMessages().messages.map(({ seq, text }) => (
          <li key={seq}>{text}</li>
        ))}
      </ol>
    )
    const failures: ChatFailureName[] = []
    const [ada, ben] = [stage.connect('ada'), stage.connect('ben')]
    const page = (
      <suspense.ChatProvider chat={ada}>
        <suspense.RoomProvider id="team">
          <Boundary
            instead={(error, retry) => {
              const { name } = readFailure(error)
              if (failures.at(-1) !== name) failures.push(name)
              return (
                <button type="button" onClick={retry}>
                  {name}
                </button>
              )
            }}
          >
            <Suspense fallback="Loading">
              <Messages />
            </Suspense>
          </Boundary>
        </suspense.RoomProvider>
      </suspense.ChatProvider>
    )
    stage.root.render(<StrictMode>{page}</StrictMode>)
    await until(() => stage.text() === 'Loading')
    await until(() => stage.text() !== 'Loading')
    const first = stage.text()
    const invited = ben.trpc.rooms.invite.mutate({ room: 'team', username: 'ada' })
    await Promise.all([invited, stage.rest()])
    // React tries again at once. Somebody who tries again does so later.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    stage.element.querySelector('button')?.click()
    await until(() => stage.element.querySelector('li') !== null)
    return { first, failures, lines: textsOf(stage.element), welcome: messages.text }
  },

  async 'suspense: a connection that takes long is waited for, with nothing above the boundary to keep it open'() {
    await using stage = createStage()
    const chat = stage.connect('ada')
    stage.server.say('ben', 'general', 'Hello')
    stage.server.delay('chat.history', 15_000)
    const Messages = () => <p>{suspense.useMessages().messages[0]?.text}</p>
    stage.root.render(
      <ChatProvider chat={chat}>
        <Suspense fallback="Loading">
          <RoomProvider id="general">
            <Messages />
          </RoomProvider>
        </Suspense>
      </ChatProvider>,
    )
    await until(() => stage.text() === 'Loading')
    // Longer than what nobody uses stays open.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    const waiting = stage.text()
    await stage.server.clock.advance(16_000)
    await until(() => stage.text() === 'Hello')
    return { waiting, subscribed: stage.subscribed.length }
  },

  async 'unread counts, the room list and what is typed'() {
    await using stage = createStage()
    const { server } = stage
    server.room('team', { members: ['ada', 'ben'] })
    const texts: Record<string, string> = {}
    const Counts = () => {
      const { rooms } = useRooms()
      const here = useUnread()
      const { unread, mentions, badge } = useUnread(null)
      texts.rooms = rooms.map(({ id, unread }) => `${id} ${unread}`).join(', ')
      texts.unread = `${here.unread} here, ${unread} in all, ${mentions} mentions, badge ${badge}`
      return (
        <button type="button" onClick={() => here.markRead()}>
          Read
        </button>
      )
    }
    const WhoTypes = () => {
      const { people, count } = useTyping()
      texts.typing = `${count}: ${people.map(({ displayName }) => displayName).join(', ')}`
      return null
    }
    const Field = () => {
      const { text, isEmpty, setText, send, replyTo, setReplyTo } = useComposer()
      const { messages } = useMessages()
      texts.composer = `${text}, ${isEmpty}, ${replyTo?.text}`
      return (
        <>
          <input value={text} onChange={(event) => setText(event.target.value)} />
          <button type="button" id="reply" onClick={() => setReplyTo(messages[0] ?? null)}>
            Reply
          </button>
          <button type="button" id="send" onClick={() => send()}>
            Send
          </button>
        </>
      )
    }
    const chat = stage.connect('ada')
    await stage.render(
      inGeneral(
        chat,
        <>
          <Counts />
          <WhoTypes />
          <Field />
        </>,
      ),
    )
    server.user('ben', { displayName: 'Ben Bitdiddle' })
    server.say('ben', 'general', 'One')
    server.say('ben', 'general', 'Two for @ada')
    server.say('ben', 'team', 'Three')
    server.type('ben', 'general')
    await stage.rest()
    await until(() => texts.typing !== '0: ')
    const seen = { ...texts }
    stage.element.querySelector('button')?.click()
    await until(() => texts.unread?.startsWith('0 here') === true)
    const afterReading = texts.unread

    const other = stage.connect('ben')
    const presence = other.people.in('general')
    await stage.rest()
    const input = stage.element.querySelector('input') as HTMLInputElement
    const type = (value: string) => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value)
      input.dispatchEvent(new Event('input', { bubbles: true }))
    }
    type('Hi')
    await until(() => presence.state.get().typing.includes('ada'))
    stage.element.querySelector<HTMLElement>('#reply')?.click()
    await stage.rest()
    const written = texts.composer
    // The draft stays while the person looks elsewhere.
    await stage.render(null)
    await stage.render(inGeneral(chat, <Field />))
    const kept = texts.composer
    stage.element.querySelector<HTMLElement>('#send')?.click()
    await until(() => server.messages('general').length >= 3)
    await stage.rest()
    const sent = server.messages('general').at(-1)
    return { seen, afterReading, written, kept, emptied: texts.composer, sent: `${sent?.text} in answer to ${sent?.replyTo?.text}` }
  },

  async 'members come and go, page by page'() {
    await using stage = createStage()
    const { server } = stage
    const many = Array.from({ length: 130 }, (_, number) => `person-${String(number).padStart(3, '0')}`)
    server.room('team', { kind: 'private', roles: { ada: 'owner' }, members: many })
    server.user('newcomer')
    let shown = ''
    let more = () => Promise.resolve()
    const Members = () => {
      const { state, members, count, hasMore, loadMore } = useMembers()
      shown = `${state}, ${members.length} of ${count}, ${hasMore}`
      more = loadMore
      return null
    }
    const chat = stage.connect('ada')
    await stage.render(
      <ChatProvider chat={chat}>
        <RoomProvider id="team">
          <Members />
        </RoomProvider>
      </ChatProvider>,
    )
    await until(() => shown.startsWith('live'))
    const first = shown
    await more()
    await until(() => shown.endsWith('false'))
    const all = shown
    void chat.trpc.rooms.invite.mutate({ room: 'team', username: 'newcomer' })
    await until(() => shown.includes('of 132'))
    return { first, all, joined: shown }
  },

  async 'a search shows only the answer to what was asked last'() {
    await using stage = createStage()
    const { server } = stage
    for (const text of ['apples', 'pears', 'apples and pears']) server.say('ben', 'general', text)
    const shown: string[] = []
    let ask = (_query: string) => {}
    const Found = () => {
      const [query, setQuery] = useState('')
      const { state, hits } = useSearch(query)
      ask = setQuery
      const line = `${state} ${hits.map(({ message }) => message.text).join(', ')}`
      if (shown.at(-1) !== line) shown.push(line)
      return null
    }
    const chat = stage.connect('ada')
    await stage.render(inGeneral(chat, <Found />))
    ask('app')
    await stage.rest()
    ask('pears')
    await until(() => shown.at(-1)?.startsWith('found') === true)
    ask('')
    await until(() => shown.at(-1)?.startsWith('idle') === true)
    return shown
  },

  async 'a thread shows its answers'() {
    await using stage = createStage()
    const { server } = stage
    const { seq } = server.say('ben', 'general', 'Why?')
    let send = (_text: string): unknown => null
    const Thread = () => {
      const thread = useThread(seq)
      send = thread.send
      return <p>{[thread.root, ...thread.messages, ...thread.unsent].map((message) => message?.text).join(' ')}</p>
    }
    const chat = stage.connect('ada')
    await stage.render(inGeneral(chat, <Thread />))
    send('Because.')
    await stage.rest()
    return { text: stage.text(), sent: server.messages('general').at(-1)?.thread === seq }
  },

  async 'a provider with options makes one chat, takes a new token, and closes it'() {
    await using stage = createStage()
    const { server } = stage
    const tokens: string[] = []
    let chat: Chat | null = null
    const Status = () => {
      chat = useChat()
      return <p>{useConnection().status.state}</p>
    }
    const options = server.optionsFor('ada')
    const page = (name: string) => (
      <ChatProvider
        {...options}
        auth={() => {
          tokens.push(name)
          return server.tokenFor('ada')
        }}
      >
        <Status />
      </ChatProvider>
    )
    await stage.render(page('first'))
    await until(() => stage.text() === 'connected')
    const made = chat as Chat | null
    await stage.render(page('second'))
    const isSame = made === chat
    await stage.render(null)
    await until(() => made?.connection.get().state === 'closed')
    return { isSame, tokens }
  },

  async 'components: the list keeps its place, and the composer sends'() {
    await using stage = createStage()
    const { server } = stage
    for (let number = 1; number <= 130; number++) server.say('ben', 'general', `message ${number}`)
    const chat = stage.connect('ada')
    await stage.render(
      inGeneral(
        chat,
        <>
          <ConnectionBanner />
          <MessageList className="own" />
          <TypingLine />
          <Composer />
        </>,
      ),
    )
    const log = stage.element.querySelector<HTMLElement>('[role=log]') as HTMLElement
    Object.assign(log.style, { height: '300px', overflowY: 'auto' })
    const rows = () => [...log.querySelectorAll<HTMLElement>('[data-seq]')]
    const topOf = (seq: string) => Math.round(log.querySelector(`[data-seq="${seq}"]`)?.getBoundingClientRect().top ?? -1)
    const distanceToEnd = () => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)
    await until(() => rows().length >= 50 && distanceToEnd() === 0)
    server.say('ben', 'general', 'A new one')
    await until(() => rows().at(-1)?.textContent?.includes('A new one') === true)
    const atEnd = distanceToEnd()
    await until(() => server.messages('general').length === 131 && chat.room('general').state.get().timeline.lastSeq === 131)

    const loaded = rows().length
    log.scrollTop = 200
    log.dispatchEvent(new Event('scroll'))
    const seen = rows().find((row) => row.getBoundingClientRect().bottom > log.getBoundingClientRect().top)?.dataset.seq ?? ''
    const before = topOf(seen)
    await until(() => rows().length > loaded)
    await stage.rest()
    const moved = topOf(seen) - before
    server.say('ben', 'general', 'While reading')
    await stage.rest()
    const movedByNew = topOf(seen) - before

    const field = stage.element.querySelector('textarea') as HTMLTextAreaElement
    const type = (value: string) => {
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set?.call(field, value)
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    const press = (options: KeyboardEventInit) =>
      field.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...options }))
    type('Hello')
    await stage.rest()
    press({ key: 'Enter', isComposing: true })
    press({ key: 'Enter', shiftKey: true })
    const kept = field.value
    press({ key: 'Enter' })
    await until(() => server.messages('general').at(-1)?.text === 'Hello')
    await until(() => rows().at(-1)?.textContent?.includes('Hello') === true && distanceToEnd() === 0)
    server.type('ben', 'general')
    await until(() => stage.element.querySelector('.roomline-typing')?.textContent !== '')
    const typing = stage.element.querySelector('.roomline-typing')?.textContent
    return { atEnd, moved, movedByNew, kept, emptied: field.value, own: rows().at(-1)?.dataset.own, typing, className: log.className }
  },

  async 'opening and closing 2,000 rooms'(measureHeap?: () => Promise<number>) {
    await using stage = createStage({ strict: false })
    const { server } = stage
    const names = Array.from({ length: 20 }, (_, number) => `room-${number}`)
    for (const id of names) {
      server.room(id, { members: ['ada', 'ben'] })
      for (let number = 0; number < 20; number++) server.say('ben', id, `message ${number}`)
    }
    const chat = stage.connect('ada')
    const Part = () => {
      const { messages } = useMessages()
      useTyping()
      usePresence()
      useUnread()
      const { text } = useComposer()
      return <p>{`${messages.length}${text}`}</p>
    }
    let most = 0
    const openTen = async (from: number) => {
      const ids = names.slice(from % 20, (from % 20) + 10)
      flushSync(() =>
        stage.root.render(
          <ChatProvider chat={chat}>
            {ids.map((id) => (
              <RoomProvider key={id} id={id}>
                <Part />
              </RoomProvider>
            ))}
          </ChatProvider>,
        ),
      )
      while (stage.text() !== '20'.repeat(10)) await turn()
      flushSync(() => stage.root.render(<ChatProvider chat={chat} />))
      most = Math.max(most, stage.following().length)
    }
    const openAndClose = async (times: number) => {
      for (let number = 0; number < times; number += 10) await openTen(number)
      await until(() => stage.following().length === 0)
    }
    await openAndClose(200)
    const before = (await measureHeap?.()) ?? 0
    await openAndClose(2_000)
    return { grownBytes: ((await measureHeap?.()) ?? 0) - before, most }
  },
}

/** Takes over what the test has rendered on a server. */
export async function hydrate(html: string, first: FirstPage) {
  const server = createTestServer()
  server.room('general', { members: ['ada', 'ben'] })
  for (const { text } of first.messages.filter(({ kind }) => kind === 'text')) server.say('ben', 'general', text)
  const element = document.createElement('div')
  element.innerHTML = html
  document.body.append(element)
  const changes: string[] = []
  const observer = new MutationObserver((records) => changes.push(...records.map(({ type, attributeName }) => `${type} ${attributeName}`)))
  observer.observe(element, { subtree: true, childList: true, characterData: true, attributes: true })
  const warnings: string[] = []
  const root = hydrateRoot(
    element,
    <StrictMode>
      <RoomPage chat={server.optionsFor('ada')} first={first} />
    </StrictMode>,
    { onRecoverableError: (error) => warnings.push(String(error)) },
  )
  await until(() => element.querySelector('button')?.dataset.status === 'other')
  await server.settled()
  const onConnecting = [...changes]
  element.querySelector('button')?.click()
  await until(() => textsOf(element).length > first.messages.length)
  const lines = textsOf(element)
  root.unmount()
  await server.close()
  return { onConnecting, warnings, lines }
}

Object.assign(window, { scenes, hydrate })
