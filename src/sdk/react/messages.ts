import { useMemo } from 'react'
import type { Message } from '../../contract/message'
import type { ChatFailure } from '../chat-error'
import type { Unsent } from '../outbox-storage'
import type { ChatRoom } from '../room'
import type { RoomState } from '../room-window'
import { useProvidedRoom, useRoom } from './room-provider'
import { useSelected } from './selected'

interface MessagesContent extends Pick<ChatRoom, 'loadOlder' | 'loadNewer' | 'openAround' | 'openNewest' | 'retry' | 'discard' | 'reopen'> {
  /** Ascending by seq, without holes. */
  messages: readonly Message[]
  /** The person's own that the server has not acknowledged, to show after `messages`. Empty while `hasAfter`. */
  unsent: readonly Unsent[]
  /** Whether the room has messages before these: see `loadOlder`. */
  hasBefore: boolean
  /** Whether the room has messages after these: see `loadNewer` and `openNewest`. */
  hasAfter: boolean
}

/** A room's messages that are loaded and kept current. */
export interface LiveMessages extends MessagesContent {
  state: 'live'
  failure: null
}

/** A room's messages. In every state, those that are known can be shown. */
export type MessagesView =
  | LiveMessages
  | (MessagesContent & { state: 'loading'; failure: null })
  /** They are not kept current any more: `failure` says why. */
  | (MessagesContent & { state: 'ended'; failure: ChatFailure })

const none: readonly Unsent[] = []

const selectMessages = (state: RoomState) => {
  const { messages, unsent, hasBefore, hasAfter } = state.timeline
  return { ...stateOf(state), messages, unsent: hasAfter ? none : unsent, hasBefore, hasAfter }
}

/** What every live view has besides its content. */
export type LiveState = { state: 'loading'; failure: null } | { state: 'live'; failure: null } | { state: 'ended'; failure: ChatFailure }

export const stateOf = (state: { state: 'loading' | 'live' } | { state: 'ended'; reason: ChatFailure }): LiveState =>
  state.state === 'ended' ? { state: 'ended', failure: state.reason } : { state: state.state, failure: null }

/**
 * The messages of the nearest RoomProvider's room, kept current. Renders once for each change of what it returns.
 * @example
 * const { state, failure, messages, hasBefore, loadOlder } = useMessages()
 * if (state === 'ended') return <p>{failure.words}</p>
 * return messages.map(({ seq, author, text }) => <p key={seq}>{author.displayName}: {text}</p>)
 */
export function useMessages(): MessagesView {
  const { kept, readOnServer } = useProvidedRoom()
  const selected = useSelected(kept?.handle.state ?? null, selectMessages, readOnServer)
  const room = useRoom()
  return useMemo(() => {
    const { loadOlder, loadNewer, openAround, openNewest, retry, discard, reopen } = room
    return { ...selected, loadOlder, loadNewer, openAround, openNewest, retry, discard, reopen }
  }, [selected, room])
}
