import { describe, expect, it } from 'vitest'
import { outranks } from '../../src/contract/rules'
import type { RoomRole } from '../../src/sdk'
import { createTestRoom } from '../../src/sdk/testing'
import { forRole, mayModerate, rightsIn } from '../../src/web/rooms/room-rights'

const roles: RoomRole[] = ['owner', 'moderator', 'member']

describe('rights in a room', () => {
  it('allow acting on the same members as on the server', () => {
    for (const role of roles) {
      for (const subject of roles) {
        const offered = mayModerate(createTestRoom({ role }), subject)
        expect(offered, `${role} on ${subject}`).toBe(outranks({ server: 'member', room: role }, { server: 'member', room: subject }))
      }
    }
  })

  it('are those of an owner for an admin, but not in a direct room', () => {
    const asAdmin = (kind: 'public' | 'direct') => rightsIn(forRole(createTestRoom({ kind, role: 'member' }), 'admin'))
    expect(asAdmin('public')).toEqual({ changesOwn: true, moderates: true, owns: true })
    expect(asAdmin('direct')).toEqual({ changesOwn: false, moderates: false, owns: false })
    expect(rightsIn(forRole(createTestRoom({ role: 'member' }), 'member')).moderates).toBe(false)
  })

  it('are none in a direct room', () => {
    for (const role of roles)
      expect(rightsIn(createTestRoom({ kind: 'direct', role }))).toEqual({ changesOwn: false, moderates: false, owns: false })
  })
})
