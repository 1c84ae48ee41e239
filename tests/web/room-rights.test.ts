import { describe, expect, it } from 'vitest'
import type { RoomRole } from '../../src/sdk'
import { createTestRoom } from '../../src/sdk/testing'
import { forRole, mayModerate, rightsIn } from '../../src/web/rooms/room-rights'

const roles: RoomRole[] = ['owner', 'moderator', 'member']

describe('rights in a room', () => {
  it.each<[RoomRole, RoomRole[]]>([
    ['owner', ['owner', 'moderator', 'member']],
    ['moderator', ['member']],
    ['member', []],
  ])('let a %s moderate %j, and nobody in a direct room', (role, moderated) => {
    expect(roles.filter((subject) => mayModerate(createTestRoom({ role }), subject))).toEqual(moderated)
    expect(roles.filter((subject) => mayModerate(createTestRoom({ kind: 'direct', role }), subject))).toEqual([])
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
