import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RightName, rights } from '../../src/contract/rights'
import { addBotAndHook, inputs, procedures, type Stage } from '../rooms/procedures'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { type BareSocket, openBareSocket } from './bare-socket'

const paths = Object.keys(rights) as RightName[]
const typeOf = (path: RightName) => procedures[path]?._def.type ?? 'query'

let roomline: Roomline
let ada: Person
let own: BareSocket
/** For what only admins may call: a refusal by role comes before the input is read. */
let admins: BareSocket
let stage: Stage
/** The same things, as somebody else has them. */
let others: Stage
beforeAll(async () => {
  roomline = await startRoomline()
  const admin = await roomline.signUp('the-first')
  admins = await openBareSocket(roomline.urls[0] ?? '', admin.cookie)
  ada = await roomline.signUp('ada')
  own = await openBareSocket(roomline.urls[0] ?? '', ada.cookie)
  stage = await setStage(ada)
  others = await setStage(await roomline.signUp())
})
afterAll(async () => {
  own.socket.terminate()
  admins.socket.terminate()
  await roomline[Symbol.asyncDispose]()
})

/** A room of this person's with everything that a call can name. */
async function setStage(owner: Person): Promise<Stage> {
  const { trpc } = roomline.connect(owner)
  const [other, banned, outsider] = [await roomline.signUp(), await roomline.signUp(), await roomline.signUp()]
  const { id: room } = await trpc.rooms.create.mutate({ name: `room of ${owner.username}`, kind: 'private', members: [other.username] })
  await trpc.rooms.invite.mutate({ room, username: banned.username })
  await trpc.rooms.ban.mutate({ room, username: banned.username })
  const { seq: ownSeq } = await trpc.chat.send.mutate({ room, text: 'hello from me' })
  const { seq: otherSeq } = await roomline.connect(other).trpc.chat.send.mutate({ room, text: 'hello from another' })
  const invite = await trpc.rooms.createInvite.mutate({ room })
  const { sessionId } = await roomline.connect(await roomline.signIn(owner.username)).trpc.session.me.query()
  return {
    ...{ room, ownSeq, otherSeq, sessionId, inviteId: invite.id, inviteToken: invite.token },
    ...{ other: other.username, banned: banned.username, outsider: outsider.username, subject: outsider.username },
    serverInviteId: randomUUID(),
    ...(await addBotAndHook(roomline.pool, room, (await trpc.session.me.query()).user.id)),
  }
}

const socketFor = (path: RightName) => (path.startsWith('admin.') ? admins : own)

const failureIn = (answer: string) => /"failure":"(\w+)"/.exec(answer)?.[1] ?? null

describe('an input', () => {
  it('with a key that the procedure does not know is refused, and the key named', async () => {
    for (const path of paths) {
      const answer = await socketFor(path).ask(typeOf(path), path, { ...inputs[path](stage), isAdmin: true })
      expect(failureIn(answer), path).toBe('BAD_REQUEST')
      expect(answer, path).toContain('isAdmin')
    }
  })

  /** Whatever stands in a field, it is text, a number or nothing that the server can be made to stumble over. */
  const hostile: [string, unknown][] = [
    ['nothing', null],
    ['true', true],
    ['zero', 0],
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['the largest integer of JavaScript', Number.MAX_SAFE_INTEGER],
    ['a number beyond Postgres', 2 ** 31],
    ['empty text', ''],
    ['spaces', '   '],
    ['NUL', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['much text', 'x'.repeat(60_000)],
    ['SQL', `'; DROP TABLE users; --`],
    ['a pattern', '%_\\'],
    ['a format', '%s%n$1{}'],
    ['HTML', '<script>alert(1)</script>'],
    ['a path', '../../etc/passwd'],
    ['a list', ['general']],
    ['an empty list', []],
    ['an object', { id: 'general' }],
    ['an object that claims to be text', { toString: 'general', length: 3 }],
    ['nested lists', nested(200)],
    ['the word __proto__', '__proto__'],
    ['the word constructor', 'constructor'],
    ['a right-to-left override', 'a\u202eb'],
    ['joiners only', '\u200d\u200d\u200d'],
  ]

  it('with something hostile in any field gets a typed answer', async () => {
    const bad: string[] = []
    const { messages: before } = await roomline.connect(ada).trpc.chat.history.query({ room: stage.room })
    for (const path of paths) {
      // These would end the session that the test asks with.
      if (['rooms.leave', 'rooms.archive', 'session.revokeOthers'].includes(path)) continue
      const input = inputs[path](stage) ?? {}
      for (const field of Object.keys(input)) {
        const ask = async ([what, value]: [string, unknown]) => {
          const answer = await socketFor(path).ask(typeOf(path), path, { ...input, [field]: value })
          const failure = failureIn(answer)
          if (answer === 'no answer' || failure === 'INTERNAL' || (answer.includes('"error"') && !failure))
            bad.push(`${path} with ${what} as ${field}: ${answer.slice(0, 200)}`)
        }
        await Promise.all(hostile.map(ask))
        if (own.socket.readyState !== own.socket.OPEN) own = await openBareSocket(roomline.urls[0] ?? '', ada.cookie)
      }
    }
    expect(bad).toEqual([])
    const { messages: after } = await roomline.connect(ada).trpc.chat.history.query({ room: stage.room, limit: 100 })
    for (const message of before) {
      expect(after.find(({ seq }) => seq === message.seq)).toMatchObject({ seq: message.seq, author: message.author })
    }
  })

  it('that is no object at all gets a typed answer', async () => {
    for (const path of paths) {
      for (const input of [null, 1, 'general', true, [], [[]], { __proto__: { room: 'general' } }]) {
        const answer = await socketFor(path).ask(typeOf(path), path, input)
        expect(failureIn(answer), `${path} with ${JSON.stringify(input)}`).not.toBe('INTERNAL')
      }
    }
  })
})

describe("another person's id", () => {
  /** The things of a stage that have an id of their own. Rooms have a test of their own, see tests/rooms/rights. */
  const things = ['sessionId', 'inviteId', 'inviteToken'] as const

  it('is answered byte for byte like one that does not exist', async () => {
    const tried: string[] = []
    for (const path of paths) {
      for (const thing of things) {
        const made = { ...stage, [thing]: thing === 'inviteToken' ? 'x'.repeat(stage.inviteToken.length) : randomUUID() }
        if (JSON.stringify(inputs[path](stage)) === JSON.stringify(inputs[path](made))) continue
        // A link is a right in itself: what must not work is one that is over.
        if (thing === 'inviteToken') await roomline.pool.query('UPDATE invites SET revoked_at = now() WHERE id = $1', [others.inviteId])
        const real = await own.ask(typeOf(path), path, inputs[path]({ ...stage, [thing]: others[thing] }))
        const unknown = await own.ask(typeOf(path), path, inputs[path](made))
        expect(real, `${path} with ${thing}`).toBe(unknown)
        expect(failureIn(real), `${path} with ${thing}`).not.toBeNull()
        tried.push(`${path} ${thing}`)
      }
    }
    expect(tried).toEqual(
      expect.arrayContaining(['session.revoke sessionId', 'rooms.revokeInvite inviteId', 'rooms.acceptInvite inviteToken']),
    )
    const { trpc } = roomline.connect(ada)
    expect(await trpc.session.list.query()).not.toEqual([])
    expect((await roomline.pool.query('SELECT revoked_at FROM sessions WHERE id = $1', [others.sessionId])).rows).toEqual([
      { revoked_at: null },
    ])
  })

  it('in a filter finds what an unknown one finds', async () => {
    const search = (filter: object) => own.ask('query', 'chat.search', { query: 'hello', ...filter })
    expect(await search({ author: others.other })).toBe(await search({ author: 'nobody-here' }))
    expect(await search({ room: others.room })).toBe(await search({ room: randomUUID() }))
  })

  it('named to an act of admins tells a member nothing', async () => {
    for (const path of paths.filter((each) => each.startsWith('admin.'))) {
      const real = await own.ask(typeOf(path), path, inputs[path](others))
      const unknown = await own.ask(typeOf(path), path, inputs[path]({ ...others, other: 'nobody-here', room: randomUUID() }))
      expect(real, path).toBe(unknown)
      expect(failureIn(real), path).toBe('NOT_ALLOWED')
    }
  })
})

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}
