import { describe, expect, it } from 'vitest'
import { messagePath, parseMessagePath, parseRoomPath } from '../../src/web/paths'

describe('paths of rooms and messages', () => {
  it('come back as the room and seq that they were made of', () => {
    for (const room of ['general', 'köln', '東京', 'a%2Fb', 'x y']) {
      expect(parseMessagePath(messagePath(room, 123))).toEqual({ room, seq: 123 })
      expect(parseRoomPath(messagePath(room, 1))).toBe(room)
    }
    expect(parseMessagePath('/rooms/general')).toEqual({ room: 'general', seq: null })
    expect(parseMessagePath('/rooms/general/7/')).toEqual({ room: 'general', seq: 7 })
  })

  it('are refused when the message cannot exist', () => {
    for (const seq of ['0', '-1', '1.5', '01', 'x', '2147483648', '99999999999', '1/2']) {
      expect(parseMessagePath(`/rooms/general/${seq}`)).toBeNull()
    }
    expect(parseMessagePath('/rooms/%E0%A4%A/1')).toBeNull()
    expect(parseMessagePath('/rooms')).toBeNull()
  })
})
