import type { TestCall } from '../procedure'
import { type ActedRoom, requireRight } from '../stored-room'

/** The room of a call, when its caller has the right that the call needs. @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED */
export const actOn = ({ world, path, account }: TestCall, room: string): ActedRoom => requireRight(world, path, room, account)
