import { limits } from '../contract/rules'

/**
 * SQL: whether the members of a room may see how far each of them has read. Only where it concerns few, and costs little.
 * @param room the name of the room's row in the statement
 */
export const showsReads = (room: string) => `(${room}.kind = 'direct' OR ${room}.member_count <= ${limits.readersShown})`
