import type { Room } from '../../sdk'

/**
 * The room that a step through the list leads to, and from its end to its beginning.
 * @param rooms from top to bottom
 * @param counts which rooms to stop at
 */
export function nextRoom(
  rooms: readonly Room[],
  current: string | null,
  step: 1 | -1,
  counts: (room: Room) => boolean = () => true,
): Room | null {
  const at = rooms.findIndex(({ id }) => id === current)
  const start = at < 0 && step < 0 ? rooms.length : at
  for (let tried = 1; tried <= rooms.length; tried++) {
    const room = rooms[(start + step * tried + rooms.length * 2) % rooms.length]
    if (room && room.id !== current && counts(room)) return room
  }
  return null
}
