import { useEffect, useMemo } from 'react'
import type { Chat, ChatFailure, ChatRoom, Message } from '../../../sdk'
import { useAnswer } from '../../ui/answer'

export interface Pins {
  /** The pinned messages, the latest pin first; null until they are loaded. */
  messages: readonly Message[] | null
  failure: ChatFailure | null
  reload(): void
}

/** The pinned messages of the room that is shown, and all that changes about them. */
export function usePins(client: Chat, handle: ChatRoom | null): Pins {
  const read = useMemo(
    () => handle && (async (): Promise<readonly Message[]> => (await client.trpc.chat.pins.query({ room: handle.id })).messages),
    [client, handle],
  )
  const { value: messages, failure, reload, change } = useAnswer(read)
  useEffect(
    () => handle?.follow({ onMessage: (message) => change((pins) => withPin(pins, message)), onReloaded: reload }),
    [handle, change, reload],
  )
  return { messages, failure, reload }
}

/** The pins after a message was sent or has changed; the same list when that changes nothing. */
export function withPin(pins: readonly Message[], message: Message): readonly Message[] {
  const known = pins.find(({ seq }) => seq === message.seq)
  if ((known?.version ?? 0) >= message.version || (!known && message.pinnedAt === null)) return pins
  const others = pins.filter((pin) => pin !== known)
  if (message.pinnedAt === null) return others
  const { pinnedAt } = message
  const at = others.findIndex((pin) => (pin.pinnedAt ?? '') < pinnedAt)
  return others.toSpliced(at < 0 ? others.length : at, 0, message)
}
