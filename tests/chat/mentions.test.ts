import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkTexts, members, mentionTexts } from '../contract/written-texts'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
let writer: ConnectedPerson
let room: string
beforeAll(async () => {
  roomline = await startRoomline({ env: { SENDS_PER_MINUTE: '0' } })
  writer = await connectPerson(roomline)
  for (const name of [...members, 'bobby']) await roomline.signUp(name)
  room = (await writer.trpc.rooms.create.mutate({ name: 'Mentions', kind: 'private', members })).id
})
afterAll(() => roomline[Symbol.asyncDispose]())

const byName = (a: string, b: string) => Number(a === '@room') - Number(b === '@room') || a.localeCompare(b)

describe('mentions of stored messages', () => {
  it('are of the longest member’s name, when sent and when edited, and the text is what was typed', async () => {
    const { seq } = await writer.trpc.chat.send.mutate({ room, text: 'to be edited' })
    for (const [text, names] of mentionTexts) {
      const sent = await writer.trpc.chat.send.mutate({ room, text })
      expect(sent.text).toBe(text)
      expect([...sent.mentions].sort(byName), text).toEqual(names)
      const edited = await writer.trpc.chat.edit.mutate({ room, seq, text })
      expect(edited.text).toBe(text)
      expect([...edited.mentions].sort(byName), text).toEqual(names)
    }
  })

  it('are none in links and mail addresses of members', async () => {
    for (const [text] of linkTexts.filter(([typed]) => typed.includes('@') && !typed.includes(' @'))) {
      const sent = await writer.trpc.chat.send.mutate({ room, text })
      expect(sent.text).toBe(text)
      expect(sent.mentions, text).toEqual([])
    }
  })
})
