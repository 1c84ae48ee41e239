import { describe, expect, it } from 'vitest'
import type { RoomRole } from '../../src/sdk'
import { createRoom } from '../../src/sdk/testing'
import { reaches as serverReaches } from '../../src/server/rights'
import { reaches, rightsIn } from '../../src/web/rooms/room-rights'

const roles: RoomRole[] = ['owner', 'moderator', 'member']

describe('what the page offers by somebody’s role', () => {
  it('reaches whom the server lets them reach', () => {
    for (const role of roles) {
      for (const subject of roles) {
        const offered = reaches(createRoom({ role }), subject)
        expect(offered, `${role} on ${subject}`).toBe(serverReaches({ server: 'member', room: role }, subject))
      }
    }
  })

  it('is nothing in a direct room', () => {
    for (const role of roles)
      expect(rightsIn(createRoom({ kind: 'direct', role }))).toEqual({ changesOwn: false, moderates: false, owns: false })
  })
})
