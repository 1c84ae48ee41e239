import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { type Chat, type ChatOptions, createChat } from '../chat'
import type { ConnectionStatus } from '../connection/status'
import { type Kept, keepWhileUsed } from './kept-handles'
import { asItIs, useSelected } from './selected'

/** A chat of yours, or what `createChat` makes one with. */
export type ChatProviderProps = { children?: ReactNode } & ({ chat: Chat } | (ChatOptions & { chat?: undefined }))

interface ChatSource {
  /** Makes the chat if there is none yet. Not for servers. */
  read(): Chat
  retain(): () => void
}

const SourceContext = createContext<ChatSource | null>(null)

/**
 * Provides a chat to the components below. Given a `chat`, it leaves closing it to you. Given options, it makes the chat in the
 * browser, closes it some seconds after it is unmounted, and makes another one when `url` or `user` changes; a new `auth`
 * is used from the next sign-in on. On a server it makes none.
 * @throws Error when `url` cannot be the address of a realtime server
 * @example
 * <ChatProvider url={realtimeUrl} auth={() => fetch('/api/chat-token').then((response) => response.text())}>
 *   <RoomProvider id="general">
 *     <MessageList />
 *     <Composer />
 *   </RoomProvider>
 * </ChatProvider>
 */
export function ChatProvider({ children, ...given }: ChatProviderProps): ReactNode {
  const chat = given.chat ?? null
  const own = useOwnChat(given.chat ? null : given)
  const provided = useMemo(() => chat && { read: () => chat, retain: () => () => {} }, [chat])
  const source = provided ?? own
  useEffect(() => source?.retain(), [source])
  return <SourceContext.Provider value={source}>{children}</SourceContext.Provider>
}

interface OwnChat extends ChatSource {
  key: string
  isClosed(): boolean
}

/** A chat that this component makes; null without options. */
function useOwnChat(options: ChatOptions | null): OwnChat | null {
  const latest = useRef(options)
  useEffect(() => {
    latest.current = options
  })
  const key = options && JSON.stringify([options.url, options.user, options.auth === undefined])
  const create = () => (options && key ? createSource(key, options, () => latest.current?.auth) : null)
  const [own, setOwn] = useState(create)
  useEffect(() => {
    // It took so long until this was shown that the chat was given up.
    if (own?.isClosed()) setOwn(create())
  })
  if ((own?.key ?? null) === key) return own
  const next = create()
  setOwn(next)
  return next
}

function createSource(key: string, options: ChatOptions, latestAuth: () => ChatOptions['auth']): OwnChat {
  let kept: Kept<Chat> | null = null
  const auth = async () => {
    const current = latestAuth() ?? options.auth ?? null
    return typeof current === 'function' ? current() : current
  }
  const find = () => {
    if (kept && !kept.isClosed) return kept
    const chat = createChat({ ...options, ...(options.auth !== undefined && { auth }) })
    kept = keepWhileUsed(chat, { close: () => void chat.close() })
    return kept
  }
  return {
    key,
    isClosed: () => kept?.isClosed === true,
    read: () => {
      const { touch, handle } = find()
      touch()
      return handle
    },
    retain: () => find().retain(),
  }
}

/** Whether this renders on a server, where nothing is opened. False in a browser that continues what a server has rendered. */
export const useIsServer = (): boolean => useSyncExternalStore(neverChanges, isNotServer, hasNoWindow)

const neverChanges = () => () => {}
const isNotServer = () => false
const hasNoWindow = () => typeof window === 'undefined'

/**
 * The chat of the nearest ChatProvider. On a server there is none: what this returns there may be passed on, but not used.
 * @throws Error when there is no ChatProvider
 * @example
 * const chat = useChat()
 * <button onClick={() => chat.rooms.join('general')}>Join</button>
 */
export function useChat(): Chat {
  const source = useContext(SourceContext)
  if (!source) throw new Error('This hook needs a ChatProvider above it.')
  return useIsServer() ? nothingOnServer('chat') : source.read()
}

/**
 * What stands for a chat, or for something that it opens, on a server. It has the values that are given; whatever else is
 * taken from it throws when it is called.
 */
export function nothingOnServer<Value extends object>(name: string, values: Partial<Value> = {}): Value {
  const fail = () => {
    throw new Error(`${name} cannot be used while a page is rendered on a server: only in effects and event handlers.`)
  }
  return new Proxy(Object.assign(fail, values), {
    get: (target, key) => {
      if (key in values || typeof key === 'symbol' || key === 'then' || key === 'toJSON') return Reflect.get(target, key)
      return nothingOnServer(`${name}.${key}`)
    },
  }) as unknown as Value
}

/** The connection of the chat. */
export interface ConnectionView {
  status: ConnectionStatus
  /** Connects again after `signed-out` or `refused`. */
  reopen(): void
}

/**
 * The state of the connection, kept current.
 * @example
 * const { status } = useConnection()
 * status.state === 'connecting' && <p>Connecting…</p>
 */
export function useConnection(): ConnectionView {
  const chat = useChat()
  const isServer = useIsServer()
  const status = useSelected(isServer ? null : chat.connection, asItIs<ConnectionStatus>, readStarting)
  return useMemo(() => ({ status, reopen: () => chat.connection.reopen() }), [chat, status])
}

const starting: ConnectionStatus = { state: 'connecting', attempt: 1, nextTryAt: null, lastError: null }
const readStarting = (): ConnectionStatus => starting
