import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first to sign up is the admin; the people of the tests are not.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })

async function createSharedRoom() {
  const [ada, ben] = [await person(), await person(1)]
  const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Acts', kind: 'private', members: [ben.username] })
  return { ada, ben, room }
}

describe('a message', () => {
  it('edit: only its author may, and everybody gets the same message with a higher version', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const followed = await ben.follow(room)
    const sent = await ada.trpc.chat.send.mutate({ room, text: 'helo', clientId: 'the same all along' })
    const edited = await ada.trpc.chat.edit.mutate({ room, seq: sent.seq, text: 'hello' })
    expect(edited).toEqual({ ...sent, text: 'hello', version: 2, editedAt: expect.any(String) })
    expect(await followed.until(2)).toEqual([sent, edited])
    expect(await ada.trpc.chat.edit.mutate({ room, seq: sent.seq, text: 'hello' })).toEqual(edited)
    expect(await failureOf(ben.trpc.chat.edit.mutate({ room, seq: sent.seq, text: 'not mine' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(ada.trpc.chat.edit.mutate({ room, seq: 99, text: 'nothing there' }))).toBe('MESSAGE_NOT_FOUND')
    // Sending it again still answers with this message.
    expect(await ada.trpc.chat.send.mutate({ room, text: 'helo', clientId: 'the same all along' })).toEqual(edited)
    const resumed = await roomline.connect(ben, { node: 0 }).follow(room, String(sent.version))
    expect(await resumed.until(1)).toEqual([edited])
  })

  it('removal: its author and moderators may; its seq stays, and nothing of its content', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const first = await ben.trpc.chat.send.mutate({ room, text: `a secret for @${ada.username}` })
    const second = await ada.trpc.chat.send.mutate({ room, text: 'mine' })
    await ada.trpc.chat.react.mutate({ room, seq: first.seq, emoji: '👀' })
    expect(await failureOf(ben.trpc.chat.remove.mutate({ room, seq: second.seq }))).toBe('NOT_ALLOWED')
    const removed = await ada.trpc.chat.remove.mutate({ room, seq: first.seq })
    expect(removed).toMatchObject({ seq: 1, text: '', mentions: [], reactions: [], deletedAt: expect.any(String) })
    expect((await ada.trpc.chat.history.query({ room })).messages.map(({ text }) => text)).toEqual(['', 'mine'])
    expect((await ada.trpc.chat.search.query({ query: 'secret' })).hits).toEqual([])
    for (const call of [
      () => ben.trpc.chat.edit.mutate({ room, seq: first.seq, text: 'back again' }),
      () => ben.trpc.chat.react.mutate({ room, seq: first.seq, emoji: '👀' }),
      () => ben.trpc.chat.send.mutate({ room, text: 'about that', replyTo: first.seq }),
      () => ada.trpc.chat.remove.mutate({ room, seq: first.seq }),
    ]) {
      expect(await failureOf(call())).toBe('MESSAGE_NOT_FOUND')
    }
    const { rows } = await roomline.pool.query<{ action: string }>('SELECT action FROM audit_log WHERE room_id = $1 AND action <> $2', [
      room,
      'room.created',
    ])
    expect(rows).toEqual([{ action: 'room.messageRemoved' }])
    const { rows: kept } = await roomline.pool.query(
      `SELECT FROM mentions WHERE room_id = $1 UNION ALL SELECT FROM reactions WHERE room_id = $1`,
      [room],
    )
    expect(kept).toEqual([])
  })

  it('reactions: count once per person and emoji, up to 20 emoji', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq } = await ada.trpc.chat.send.mutate({ room, text: 'cake?' })
    const react = (by: typeof ada, emoji: string) => by.trpc.chat.react.mutate({ room, seq, emoji })
    await react(ben, '🎂')
    await react(ada, '🎂')
    const { version } = await react(ada, '👩‍👩‍👧‍👦')
    expect(await react(ada, '👩‍👩‍👧‍👦')).toMatchObject({
      version,
      reactions: [
        { emoji: '🎂', usernames: [ben.username, ada.username], count: 2 },
        { emoji: '👩‍👩‍👧‍👦', usernames: [ada.username], count: 1 },
      ],
    })
    const left = await ben.trpc.chat.unreact.mutate({ room, seq, emoji: '🎂' })
    expect(left.reactions[0]).toEqual({ emoji: '🎂', usernames: [ada.username], count: 1 })
    for (const bad of ['', 'x', '🎂🎂', '<b>', 'ok👍']) expect(await failureOf(react(ada, bad)), bad).toBe('BAD_REQUEST')
    const many = ['😀', '😁', '😂', '🤣', '😃', '😄', '😅', '😆', '😉', '😊', '😋', '😎', '😍', '😘', '🥰', '😗', '😙', '😚']
    for (const emoji of many) await react(ben, emoji)
    expect(await failureOf(react(ben, '🙂'))).toBe('TOO_MANY_REACTIONS')
    await react(ada, '😀')
  })

  it('answers: quote the message that they answer, which counts them in a version of its own', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const followed = await ada.follow(room)
    const question = await ada.trpc.chat.send.mutate({ room, text: 'Who is coming?' })
    const answers = await Promise.all(
      [ada, ben, ben].map(({ trpc }, index) => trpc.chat.send.mutate({ room, text: `me ${index}`, replyTo: question.seq })),
    )
    for (const answer of answers) {
      expect(answer.replyTo).toEqual({ seq: 1, author: question.author, text: 'Who is coming?' })
    }
    await until(() => followed.messages.some(({ seq, replyCount }) => seq === 1 && replyCount === 3))
    const versions = followed.messages.map(({ version }) => version)
    expect(versions).toEqual([...versions].sort((a, b) => a - b))
    expect(new Set(versions).size).toBe(versions.length)
    const resumed = await roomline.connect(ben, { node: 1 }).follow(room, '0')
    const newest = await resumed.until(4)
    expect(newest.find(({ seq }) => seq === 1)).toMatchObject({ replyCount: 3 })
    expect(newest.filter(({ replyTo }) => replyTo?.text === 'Who is coming?')).toHaveLength(3)

    const key = 'an answer with a key'
    const once = await ben.trpc.chat.send.mutate({ room, text: 'again', replyTo: 1, clientId: key })
    expect(await ben.trpc.chat.send.mutate({ room, text: 'again', replyTo: 1, clientId: key })).toMatchObject({ seq: once.seq })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'again', clientId: key }))).toBe('CLIENT_ID_REUSED')
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'again', replyTo: 2, clientId: key }))).toBe('CLIENT_ID_REUSED')
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'to nothing', replyTo: 99 }))).toBe('MESSAGE_NOT_FOUND')
    const long = await ada.trpc.chat.send.mutate({ room, text: '👍'.repeat(3_000) })
    expect((await ben.trpc.chat.send.mutate({ room, text: 'short', replyTo: long.seq })).replyTo?.text).toBe(`${'👍'.repeat(200)}…`)
  })

  it('quotes: an edit or removal shows in every answer that is read, and is one change however many answers there are', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq, author } = await ada.trpc.chat.send.mutate({ room, text: 'a secret' })
    const { id } = (await ben.trpc.session.me.query()).user
    const count = 1_500
    await roomline.pool.query(
      `WITH raised AS (UPDATE rooms SET last_seq = last_seq + $3, last_version = last_version + $3 WHERE id = $1),
       noted AS (INSERT INTO after_commit (room_id, seq, version, what) SELECT $1, n + 1, n + 1, 'stored' FROM generate_series(1, $3::int) n)
       INSERT INTO messages (room_id, seq, version, author_id, text, reply_to_seq, thread)
       SELECT $1, n + 1, n + 1, $2, 'about that ' || n, 1, 1 FROM generate_series(1, $3::int) n`,
      [room, id, count],
    )
    const followed = await ben.follow(room)
    /** Every way in which a reader gets an answer. */
    const readQuotes = async () => {
      const resumed = await roomline.connect(ben, { node: 0 }).follow(room, '0')
      const caughtUp = (await resumed.until(count + 1)).filter(({ replyTo }) => replyTo)
      resumed.stop()
      expect(caughtUp).toHaveLength(count)
      const liveVersion = followed.messages.length
      const live = await ada.trpc.chat.react.mutate({ room, seq: count, emoji: '👀' })
      await ada.trpc.chat.unreact.mutate({ room, seq: count, emoji: '👀' })
      const { messages: page } = await ben.trpc.chat.history.query({ room, limit: 100 })
      const search = () => ben.trpc.chat.search.query({ query: 'about that', limit: 100 })
      await until(async () => (await search()).hits.length === 100)
      const { hits } = await search()
      await followed.until(liveVersion + 2)
      const answers = [...caughtUp, live, ...page, ...hits.map(({ message }) => message), ...followed.messages.slice(liveVersion)]
      return answers.map(({ replyTo }) => replyTo)
    }
    const expectQuotes = async (text: string) => {
      for (const quote of await readQuotes()) expect(quote).toEqual({ seq, author, text })
    }

    const edited = await ada.trpc.chat.edit.mutate({ room, seq, text: 'no secret' })
    expect(edited.version).toBe(count + 2)
    expect(await followed.until(1)).toEqual([edited])
    await expectQuotes('no secret')

    const before = followed.messages.length
    const removed = await ada.trpc.chat.remove.mutate({ room, seq })
    expect(removed.version).toBe(edited.version + 3)
    expect((await followed.until(before + 1)).slice(before)).toEqual([removed])
    await expectQuotes('')
  })

  it('quotes: an answer that is sent just after an edit quotes the new text', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq, author } = await ada.trpc.chat.send.mutate({ room, text: 'Tea?' })
    const followed = await ada.follow(room)
    await ada.trpc.chat.edit.mutate({ room, seq, text: 'Cocoa?' })
    const answer = await ben.trpc.chat.send.mutate({ room, text: 'Gladly', replyTo: seq })
    expect(answer.replyTo).toEqual({ seq, author, text: 'Cocoa?' })
    expect((await followed.until(2))[1]).toEqual(answer)
  })

  it('edit: a member may not where only moderators can write', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const { seq } = await ben.trpc.chat.send.mutate({ room, text: 'before' })
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await failureOf(ben.trpc.chat.edit.mutate({ room, seq, text: '@room an announcement' }))).toBe('POSTING_RESTRICTED')
    await ben.trpc.chat.remove.mutate({ room, seq })
  })

  it('mentions: name members of the room, once each, and count until they are read', async () => {
    const { ada, ben, room } = await createSharedRoom()
    const stranger = await person()
    const unread = async () => {
      const list = await ben.trpc.rooms.list.query()
      const listed = list.find(({ id }) => id === room)
      return [listed?.unread, listed?.mentions]
    }
    const text = `@${ben.username.toUpperCase()}, ask @${stranger.username} (not @nobody-at-all), mail me@${ben.username}. @${ben.username}!`
    const sent = await ada.trpc.chat.send.mutate({ room, text })
    expect(sent.mentions).toEqual([ben.username])
    await ada.trpc.chat.send.mutate({ room, text: '@room everybody' })
    await ada.trpc.chat.send.mutate({ room, text: 'nobody in particular' })
    expect(await unread()).toEqual([3, 2])
    await ben.trpc.rooms.setNotify.mutate({ room, notify: 'nothing' })
    expect(await unread()).toEqual([3, 0])
    await ben.trpc.rooms.setNotify.mutate({ room, notify: 'mentions' })
    expect(await ben.trpc.chat.markRead.mutate({ room, seq: 1 })).toMatchObject({ readSeq: 1, unread: 2, mentions: 1 })
    await ada.trpc.chat.edit.mutate({ room, seq: 3, text: `@${ben.username} after all` })
    expect(await unread()).toEqual([2, 2])
    await ada.trpc.chat.edit.mutate({ room, seq: 3, text: 'or not' })
    expect(await unread()).toEqual([2, 1])
    expect(await ben.trpc.chat.markRead.mutate({ room, seq: 2_147_483_647 })).toMatchObject({ readSeq: 3, unread: 0 })
    expect(await ben.trpc.chat.markRead.mutate({ room, seq: 1 })).toMatchObject({ readSeq: 3 })
    expect(await ben.trpc.chat.markUnread.mutate({ room, seq: 2 })).toMatchObject({ readSeq: 1, unread: 2, mentions: 1 })
    await ben.trpc.chat.send.mutate({ room, text: 'whatever I write myself counts as read' })
    expect(await unread()).toEqual([0, 0])
  })
})
