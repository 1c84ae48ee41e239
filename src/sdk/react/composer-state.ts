import { useMemo } from 'react'
import type { Chat } from '../chat'
import type { Sending } from '../outbox'
import type { Answered, ChatRoom } from '../room'
import { createStore, type Store } from '../store'
import type { ThreadHandle } from '../thread'
import { useKept } from './kept'
import { useProvidedRoom, useRoom } from './room-provider'
import { asItIs, useSelected } from './selected'
import { useKeptThread } from './thread'

interface Draft {
  text: string
  /** The message that it answers. */
  replyTo: Answered | null
}

/** What the person is writing. All components that use it in the same room, or in the same thread of it, share it. */
export interface ComposerState extends Draft {
  /** Whether there is anything to send. */
  isEmpty: boolean
  /** Changes the text, and tells the others that the person is typing. */
  setText(text: string): void
  setReplyTo(message: Answered | null): void
  /** Sends the text and empties the composer. @returns null when there is nothing to send */
  send(): Sending | null
}

const emptyDraft: Draft = { text: '', replyTo: null }
const readEmpty = () => emptyDraft
/** What was written and not sent, by chat and place. */
const drafts = new WeakMap<Chat, Map<string, Draft>>()

interface DraftHandle {
  draft: Store<Draft> & { set(draft: Draft): void }
  close(): void
}

/** A draft stays when the person goes to another room and comes back. */
function openDraft(chat: Chat, place: string): DraftHandle {
  const kept = drafts.get(chat) ?? new Map<string, Draft>()
  drafts.set(chat, kept)
  const draft = createStore(kept.get(place) ?? emptyDraft)
  const stop = draft.subscribe(() => {
    const { text, replyTo } = draft.get()
    if (text === '' && !replyTo) kept.delete(place)
    else kept.set(place, draft.get())
  })
  return { draft, close: stop }
}

function createActs({ draft }: DraftHandle, { send, typing }: Pick<ChatRoom | ThreadHandle, 'send' | 'typing'>) {
  return {
    setText: (text: string) => {
      draft.set({ ...draft.get(), text })
      if (text.trim() !== '') typing()
    },
    setReplyTo: (replyTo: Answered | null) => draft.set({ ...draft.get(), replyTo }),
    send: () => {
      const { text, replyTo } = draft.get()
      if (text.trim() === '') return null
      const sending = send(text, replyTo ? { replyTo } : {})
      // Its failure is shown beside the message.
      sending.done.catch(() => {})
      draft.set(emptyDraft)
      return sending
    },
  }
}

/**
 * What the person writes in the nearest RoomProvider's room.
 * @param options `thread`: any message of a thread, to write there
 * @example
 * const { text, setText, send } = useComposer()
 * <form onSubmit={(event) => { event.preventDefault(); send() }}>
 *   <input value={text} onChange={(event) => setText(event.target.value)} />
 * </form>
 */
export function useComposer({ thread }: { thread?: number } = {}): ComposerState {
  const { id } = useProvidedRoom()
  const room = useRoom()
  const keptThread = useKeptThread(thread ?? null)
  const place = `draft ${id} ${thread ?? ''}`
  const kept = useKept(place, (chat) => openDraft(chat, place))
  const draft = useSelected(kept?.handle.draft ?? null, asItIs<Draft>, readEmpty)
  const target = thread === undefined ? room : keptThread?.handle
  const acts = useMemo(() => (kept && target ? createActs(kept.handle, target) : actsOnServer), [kept, target])
  return useMemo(() => ({ ...draft, ...acts, isEmpty: draft.text.trim() === '' }), [draft, acts])
}

const ignore = () => {}
const actsOnServer = { setText: ignore, setReplyTo: ignore, send: () => null }
