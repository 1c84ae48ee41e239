/**
 * Where a bot keeps how far it has come, so that after a restart it goes on there. A `Map` will do for a bot that may forget;
 * a row in a database, or a file, for one that may not. One bot, one state.
 * @example
 * const state = {
 *   get: async (key) => (await sql`SELECT value FROM bot_state WHERE key = ${key}`)[0]?.value,
 *   set: (key, value) => sql`INSERT INTO bot_state VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
 * }
 */
export interface BotState {
  /** The text that was last set under this key; nothing when there is none. */
  get(key: string): string | null | undefined | Promise<string | null | undefined>
  /** Resolves when it is kept. */
  set(key: string, value: string): unknown
}

/** How far a bot has come in a room. */
export interface BotPlace {
  /** Every change of the room up to this one was received. */
  version: number
  /** Every message up to this one is done with. */
  seq: number
  /** Later messages that are done with. A message that was changed while the bot was away comes after younger ones. */
  ahead: readonly number[]
}

export const placeKey = (room: string) => `room:${room}`

/** Null for anything but what `writePlace` returned. */
export function readPlace(text: string | null | undefined): BotPlace | null {
  if (!text) return null
  try {
    const { version, seq, ahead } = JSON.parse(text) as BotPlace
    return [version, seq, ...ahead].every((number) => Number.isSafeInteger(number)) ? { version, seq, ahead } : null
  } catch {
    return null
  }
}

export const writePlace = (place: BotPlace): string => JSON.stringify(place)

export const isDone = ({ seq, ahead }: BotPlace, message: { seq: number }): boolean => message.seq <= seq || ahead.includes(message.seq)

/** The place after a message, or after a change of one. */
export function movePast(place: BotPlace, message: { seq: number; version: number }): BotPlace {
  const version = Math.max(place.version, message.version)
  if (isDone(place, message)) return { ...place, version }
  const ahead = new Set(place.ahead).add(message.seq)
  let { seq } = place
  while (ahead.delete(seq + 1)) seq++
  return { version, seq, ahead: [...ahead] }
}
