import { createContext, useContext, useMemo } from 'react'
import type { Room } from '../../../sdk'

/** The viewer's public rooms, by what follows the # in a text: their ids. */
type RoomNames = ReadonlyMap<string, string>

const RoomNamesContext = createContext<RoomNames>(new Map())
export const RoomNamesProvider = RoomNamesContext.Provider

export const useRoomNames = (): RoomNames => useContext(RoomNamesContext)

/** Stays the same until a room comes, goes or is renamed. */
export function useRoomNamesOf(rooms: readonly Room[] | null): RoomNames {
  const listed = (rooms ?? [])
    .filter(({ kind }) => kind === 'public')
    .map(({ id, name }) => `${id}\n${name}`)
    .sort()
    .join('\n')
  return useMemo(() => {
    const parts = listed === '' ? [] : listed.split('\n')
    return new Map(parts.flatMap((id, index) => (index % 2 === 0 ? [[id, parts[index + 1] ?? id] as const] : [])))
  }, [listed])
}
