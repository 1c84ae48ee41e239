import { useMemo } from 'react'
import type { Message } from '../../contract/message'
import type { ChatFailure } from '../chat-error'
import type { Unsent } from '../outbox-storage'
import type { ThreadHandle, ThreadState } from '../thread'
import { nothingOnServer } from './chat-provider'
import { useKept } from './kept'
import { stateOf } from './messages'
import { useProvidedRoom } from './room-provider'
import { useSelected } from './selected'

interface ThreadContent extends Pick<ThreadHandle, 'send' | 'retry' | 'discard' | 'typing' | 'loadOlder' | 'reopen'> {
  /** The message that the thread began with; null until it is loaded. */
  root: Message | null
  /** The messages that answer it, and those that answer them: ascending by seq. */
  messages: readonly Message[]
  /** The person's own that the server has not acknowledged. */
  unsent: readonly Unsent[]
  /** Whether the thread has messages before these: see `loadOlder`. */
  hasBefore: boolean
}

/** A thread that is loaded and kept current. */
export interface LiveThread extends ThreadContent {
  state: 'live'
  failure: null
}

/** A thread. In every state, what is known of it can be shown. */
export type ThreadView =
  | LiveThread
  | (ThreadContent & { state: 'loading'; failure: null })
  /** It is not kept current any more, or there is no such message: `failure` says which. */
  | (ThreadContent & { state: 'ended'; failure: ChatFailure })

const selectThread = (thread: ThreadState) => {
  const { root, messages, unsent, hasBefore } = thread
  return { ...stateOf(thread), root, messages, unsent, hasBefore }
}

const notLoaded: ThreadState = { state: 'loading', root: null, messages: [], unsent: [], hasBefore: false }
const readOnServer = () => notLoaded
const threadOnServer = nothingOnServer<ThreadHandle>('thread')

/** An open thread of the nearest RoomProvider's room. @param seq null for none */
export function useKeptThread(seq: number | null) {
  const { id } = useProvidedRoom()
  return useKept(seq === null ? null : `thread ${id} ${seq}`, (chat) => chat.thread(id, seq ?? 0))
}

/**
 * A thread of the nearest RoomProvider's room: a message, the messages that answer it, and those that answer them.
 * @param seq any message of the thread
 * @example
 * const { root, messages, send } = useThread(12)
 * return [root, ...messages].map((message) => message && <p key={message.seq}>{message.text}</p>)
 */
export function useThread(seq: number): ThreadView {
  const kept = useKeptThread(seq)
  const selected = useSelected(kept?.handle.state ?? null, selectThread, readOnServer)
  return useMemo(() => {
    const { send, retry, discard, typing, loadOlder, reopen } = kept?.handle ?? threadOnServer
    return { ...selected, send, retry, discard, typing, loadOlder, reopen }
  }, [selected, kept])
}
