import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type Chat, type ChatFailure, type ChatRoom, type Message, readFailure } from '../../../sdk'

export interface Pins {
  /** The pinned messages, the latest pin first; null until they are loaded. */
  messages: readonly Message[] | null
  failure: ChatFailure | null
  reload(): void
}

/** The pinned messages of the room that is shown, and all that changes about them. */
export function usePins(client: Chat, handle: ChatRoom | null): Pins {
  const queries = useQueryClient()
  const room = handle?.id ?? ''
  const { data, error, refetch } = useQuery({
    queryKey: ['pins', room],
    queryFn: async (): Promise<readonly Message[]> => (await client.trpc.chat.pins.query({ room })).messages,
    enabled: handle !== null,
  })
  useEffect(() => {
    if (!handle) return
    return handle.follow({
      onMessage: (message) => {
        const key = ['pins', handle.id]
        // A list that is on its way may be older than this.
        if (queries.isFetching({ queryKey: key }) > 0) void queries.invalidateQueries({ queryKey: key })
        queries.setQueryData<readonly Message[]>(key, (pins) => pins && withPin(pins, message))
      },
      onReloaded: () => void queries.invalidateQueries({ queryKey: ['pins', handle.id] }),
    })
  }, [handle, queries])
  return { messages: data ?? null, failure: error && readFailure(error), reload: () => void refetch() }
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
