import type { StoredRoom, World } from './world'

/** After this long without a signal, somebody is no longer typing. */
const shownMs = 6_000

/** Shows somebody as typing, for some seconds. */
export function setTyping(world: World, room: StoredRoom, userId: string): void {
  const typing = world.typing.get(room) ?? new Map<string, unknown>()
  world.typing.set(room, typing)
  const isNew = !typing.has(userId)
  world.clock.clear(typing.get(userId))
  typing.set(
    userId,
    world.clock.setTimeout(() => stopTyping(world, room, userId), shownMs),
  )
  if (isNew) world.publish({ type: 'typing', room })
}

export function stopTyping(world: World, room: StoredRoom, userId: string): void {
  const typing = world.typing.get(room)
  world.clock.clear(typing?.get(userId))
  if (typing?.delete(userId)) world.publish({ type: 'typing', room })
}

/** The usernames of those who are typing. */
export const namesTyping = (world: World, room: StoredRoom): string[] =>
  [...(world.typing.get(room)?.keys() ?? [])].map((userId) => world.person(userId).username)
