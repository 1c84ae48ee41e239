import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimMissingNames } from '../../src/server/names/claim-missing'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })
const create = ({ trpc }: ConnectedPerson, name: string, kind: 'public' | 'private' = 'public') => trpc.rooms.create.mutate({ name, kind })
const rename = ({ trpc }: ConnectedPerson, room: string, name: string) => trpc.rooms.update.mutate({ room, name })

/** What an answer says, without what the caller chose and what is random in every answer. */
const shapeOf = async (call: Promise<object>, name: string) =>
  JSON.stringify(await call.catch((error: { shape: unknown }) => error.shape))
    .replaceAll(name, 'NAME')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/"[a-zA-Z]+-[a-z0-9]{6}"/g, '"ID"')

describe('the name of a public room', () => {
  it('is refused when it looks like that of another one', async () => {
    const [ada, ben] = [await person(), await person()]
    await create(ada, 'Garden plans')
    for (const name of [
      'garden-plans',
      'GARDEN PLANS',
      'Gаrden plans',
      'Garden plans!',
      'Ｇarden plans',
      'Garden pIans',
      'Garden p1ans',
      'general',
      'genera1',
      'Ｇeneral',
    ])
      expect([name, await failureOf(create(ben, name))]).toEqual([name, 'ROOM_NAME_TAKEN'])
    const { id } = await create(ben, 'Kitchen plans')
    expect(await failureOf(rename(ben, id, 'garden plans'))).toBe('ROOM_NAME_TAKEN')
    expect(await rename(ben, id, 'KITCHEN plans')).toMatchObject({ id: 'kitchen-plans', name: 'KITCHEN plans' })
    // What private rooms are called is between their members.
    expect(await create(ben, 'Garden plans', 'private')).toMatchObject({ name: 'Garden plans' })
  })

  it('is one line without anything invisible, and so is the topic', async () => {
    const { trpc } = await person()
    const { id: room } = await trpc.rooms.create.mutate({ name: '  Plain \u00A0 name ', kind: 'public', topic: ' a  topic ' })
    expect(await trpc.rooms.get.query({ room })).toMatchObject({ name: 'Plain name', topic: 'a topic' })
    for (const text of ['a\nb', 'a\u2028b', 'a\u202Eb', 'a\u2066b', 'a\u200Bb', '\u3164', 'a\u0007b', 'a\u{E0041}b']) {
      expect([text, await failureOf(trpc.rooms.create.mutate({ name: text, kind: 'public' }))]).toEqual([text, 'BAD_REQUEST'])
      expect([text, await failureOf(trpc.rooms.update.mutate({ room, topic: text }))]).toEqual([text, 'BAD_REQUEST'])
    }
  })

  it('is free again when the room is renamed, archived or deleted, but its id is not', async () => {
    const ada = await person()
    const first = await create(ada, 'Tango')
    expect(first.id).toBe('tango')
    await rename(ada, first.id, 'Milonga')
    const second = await create(ada, 'Tango')
    expect(second).toMatchObject({ name: 'Tango', id: expect.stringMatching(/^tango-[a-z0-9]{6}$/) })
    await ada.trpc.rooms.archive.mutate({ room: second.id })
    const third = await create(ada, 'Tango')
    expect(new Set([first.id, second.id, third.id]).size).toBe(3)
    // Two rooms with one name: neither loses it because of the other.
    await ada.trpc.rooms.archive.mutate({ room: second.id, archived: false })
    expect(await ada.trpc.rooms.get.query({ room: second.id })).toMatchObject({ name: 'Tango', archivedAt: null })

    await create(ada, 'Foxtrot')
    await roomline.pool.query(`DELETE FROM rooms WHERE id = 'foxtrot'`)
    expect((await create(ada, 'Foxtrot')).id).toMatch(/^foxtrot-/)
  })

  it('of many that are created at once, one gets it', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, (_, index) => person(index % 2)))
    const names = ['Observatory', 'OBSERVATORY', 'Оbservatory', 'observatory!', '0bservatory', 'Observаtory']
    const outcomes = await Promise.all(
      people.map((each, index) =>
        create(each, names[index] ?? '').then(
          () => 'created',
          () => 'refused',
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
  })

  it('a long one gets an id that is not longer than others', async () => {
    const ada = await person()
    const name = 'Ы'.repeat(60)
    const { id } = await create(ada, name)
    await rename(ada, id, 'Short')
    expect((await create(ada, name)).id.length).toBeLessThanOrEqual(64)
  })

  it('existing namesakes stay after an upgrade', async () => {
    await roomline.pool.query(
      `INSERT INTO rooms (id, kind, name, created_at) VALUES ('sauna', 'public', 'Sauna', now() - interval '1 day'), ('sauna-2', 'public', 'SAUNA', now())`,
    )
    await claimMissingNames(roomline.pool)
    await claimMissingNames(roomline.pool)
    const { rows } = await roomline.pool.query(`SELECT room_id, key FROM room_names WHERE room_id LIKE 'sauna%' ORDER BY 1`)
    expect(rows).toEqual([
      { room_id: 'sauna', key: 'sauna' },
      { room_id: 'sauna-2', key: 'sauna' },
    ])
    expect(await failureOf(create(await person(), 'Sauna'))).toBe('ROOM_NAME_TAKEN')
  })
})

describe('a room that somebody cannot see', () => {
  it('creating and renaming answer the same as where there is none: banned people', async () => {
    const [owner, banned] = [await person(), await person()]
    await create(owner, 'secretclub')
    await banned.trpc.rooms.join.mutate({ room: 'secretclub' })
    await owner.trpc.rooms.ban.mutate({ room: 'secretclub', username: banned.username })
    const taken = await shapeOf(create(banned, 'secretclub'), 'secretclub')
    expect(taken).toBe(await shapeOf(create(banned, 'nosuchclub'), 'nosuchclub'))
    expect(taken).toContain('"id":"ID"')
    const { id: own } = await create(banned, 'mine')
    // By now the banned person has a room of each name, which they do see.
    for (const again of [(name: string) => create(banned, name), (name: string) => rename(banned, own, name)])
      expect(await shapeOf(again('secretclub'), 'secretclub')).toBe(await shapeOf(again('nosuchclub'), 'nosuchclub'))
    const [{ id: first }, { id: second }] = [await create(banned, 'first'), await create(banned, 'second')]
    await owner.trpc.rooms.update.mutate({ room: 'secretclub', name: 'renamedclub' })
    expect(await shapeOf(rename(banned, first, 'renamedclub'), 'renamedclub')).toBe(
      await shapeOf(rename(banned, second, 'nosuchname'), 'nosuchname'),
    )
    expect(await failureOf(create(owner, 'secretclub'))).toBe('ROOM_NAME_TAKEN')
    expect(await failureOf(create(admin, 'Secretclub'))).toBe('ROOM_NAME_TAKEN')
  })

  it('creating and renaming answer the same as where there is none: private and archived rooms', async () => {
    const [owner, stranger] = [await person(), await person()]
    await create(owner, 'hiddenden', 'private')
    await create(owner, 'quietroom')
    await rename(owner, 'quietroom', 'bygoneroom')
    await owner.trpc.rooms.archive.mutate({ room: 'quietroom' })
    const nothing = await shapeOf(create(stranger, 'nosuchden'), 'nosuchden')
    expect(await shapeOf(create(stranger, 'hiddenden'), 'hiddenden')).toBe(nothing)
    expect(await shapeOf(create(stranger, 'bygoneroom'), 'bygoneroom')).toBe(nothing)
    const { id } = await create(stranger, 'another')
    await roomline.pool.query(`DELETE FROM rooms WHERE id IN ('hiddenden', 'bygoneroom')`)
    expect(await rename(stranger, id, 'hiddenden')).toMatchObject({ name: 'hiddenden' })
    expect(await rename(stranger, id, 'bygoneroom')).toMatchObject({ name: 'bygoneroom' })
  })
})
