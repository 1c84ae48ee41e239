import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { createTestRoom } from '../../src/sdk/testing'
import { useLastListed } from '../../src/web/rooms/my-rooms'
import { forRole } from '../../src/web/rooms/room-rights'
import { useEver, useLastKnown } from '../../src/web/ui/last-known'

/** Renders a component that shows what a hook returns. React throws when a component never stops rendering again. */
const show = (use: () => unknown) => renderToString(createElement(() => String(use())))

describe('values kept from earlier renders', () => {
  it('a room list with a new object in each render does not render for ever', () => {
    expect(show(() => useLastListed('general', createTestRoom({ id: 'general', name: 'Lobby' }))?.name)).toBe('Lobby')
    expect(show(() => useLastListed('general', undefined))).toBe('null')
    expect(show(() => useLastListed('general', createTestRoom({ id: 'other' })))).toBe('null')
  })

  it('a last known value and a condition may change in each render', () => {
    expect(show(() => useLastKnown({ count: 1 })?.count)).toBe('1')
    expect(show(() => useLastKnown(null))).toBe('null')
    expect(show(() => useEver(true))).toBe('true')
    expect(show(() => useEver(false))).toBe('false')
  })

  it('an admin’s view of a room is one object for each room, so that nothing takes it for a change', () => {
    const room = createTestRoom({ id: 'general', kind: 'public', role: 'member' })
    expect(forRole(room, 'admin')).toEqual({ ...room, role: 'owner' })
    expect(forRole(room, 'admin')).toBe(forRole(room, 'admin'))
    expect(forRole(room, 'member')).toBe(room)
    expect(forRole({ ...room }, 'admin')).not.toBe(forRole(room, 'admin'))
  })
})
