import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { report } from '../../support/report'
import { until } from '../../support/stock-client'
import { startTcpProxy } from '../../support/tcp-proxy'
import { type Bench, startBench } from '../bench'
import { startFollower, summarise } from '../history'
import { startTalk } from '../talk'
import { forAtLeast } from '../waits'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.closeClients())

describe('cut connections', () => {
  it('when 500 answers are lost after the message was stored, sending again returns the stored message', async () => {
    const rounds = 50
    const people = await bench.makePeople(10)
    const history = await bench.makeRoom(people)
    for (const [index, person] of people.slice(0, 6).entries()) await startFollower(history, bench.connect(person, [index % 3]))
    let again = 0
    await Promise.all(
      people.map(async (person, index) => {
        const line = await startTcpProxy(() => bench.node(index % 3).clients.port)
        const client = bench.connectTo(person, `ws://127.0.0.1:${line.port}/trpc`)
        try {
          for (let round = 1; round <= rounds; round++) {
            await client.trpc.session.me.query()
            const clientId = `${person.username}-${round}`
            const text = `round ${round} of ${person.username}`
            const send = () => client.trpc.chat.send.mutate({ room: history.room, text, clientId })
            line.setFault({ toClient: { swallow: true } })
            const lost = send().then(
              () => 'answered',
              () => 'cut',
            )
            await until(async () => {
              const rows = await bench.query('SELECT seq FROM messages WHERE room_id = $1 AND client_id = $2', [history.room, clientId])
              return rows.length > 0
            })
            line.cut()
            line.setFault({})
            expect(await lost).toBe('cut')
            const message = await send()
            again++
            history.acknowledged.push({ authorId: person.id, clientId, text, message })
          }
        } finally {
          await line.close()
        }
      }),
    )
    await history.verify()
    expect(history.acknowledged).toHaveLength(500)
    report('answers cut after COMMIT', { cut: again, stored: history.acknowledged.length })
  })

  it('200 followers, each cut off 20 times while 10 people write, get everything once and in order', async () => {
    const cuts = 20
    const talk = await startTalk(bench, { people: 10, followers: 0 })
    const people = await bench.makePeople(200)
    await bench.query('INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM unnest($2::uuid[]) id', [
      talk.history.room,
      people.map(({ id }) => id),
    ])
    const followers = await Promise.all(
      people.map(async (person, index) => {
        const client = bench.connect(person, [index % 3, (index + 1) % 3, (index + 2) % 3])
        return { client, follower: await startFollower(talk.history, client) }
      }),
    )
    const talking = talk.sendSteadily(400)
    const since = performance.now()
    await Promise.all(
      followers.map(async ({ client, follower }) => {
        for (let count = 1; count <= cuts; count++) {
          // At any byte of the stream.
          const next = follower.last() + bench.chance.between(1, 8)
          await until(() => follower.last() >= next, 60_000)
          client.cut()
          await until(() => client.opened.length > count, 60_000)
        }
      }),
    )
    const tookMs = performance.now() - since
    await talking.stop()
    await talk.history.verify()
    const { p99, max } = talk.history.lateness()
    report('followers cut', {
      followers: 200,
      cuts: followers.reduce((sum, { client }) => sum + client.closed.length, 0),
      sends: talk.history.acknowledged.length,
      took: `${Math.round(tookMs / 1_000)} s`,
      'late p99': `${p99} ms`,
      max: `${max} ms`,
    })
    for (const { client } of followers) expect(client.closed.length).toBeGreaterThanOrEqual(cuts)
  })

  it('a clientId sent over two nodes at the same moment is stored once, in each of 50 tries', async () => {
    const [person] = await bench.makePeople(1)
    if (!person) throw new Error('nobody is there')
    const history = await bench.makeRoom([person])
    const here = bench.connect(person, [0])
    const there = bench.connect(person, [1])
    await startFollower(history, bench.connect(person, [2]))
    await Promise.all([here.trpc.session.me.query(), there.trpc.session.me.query()])
    for (let race = 1; race <= 50; race++) {
      const clientId = `race-${race}-of-two`
      const text = `race ${race}`
      const messages = await Promise.all(
        [here, there, here, there].map(({ trpc }) => trpc.chat.send.mutate({ room: history.room, text, clientId })),
      )
      for (const message of messages) {
        expect(message).toEqual(messages[0])
        history.acknowledged.push({ authorId: person.id, clientId, text, message })
      }
    }
    await history.verify()
    const rows = await bench.query('SELECT seq FROM messages WHERE room_id = $1', [history.room])
    expect(rows).toHaveLength(50)
    report('races of one clientId', { races: 50, stored: rows.length })
  })
})

describe('a send whose transaction is held open for 3 s', () => {
  it.each(['COMMIT', 'ROLLBACK'])('before %s: sends to this room wait, sends to another do not, and nothing is lost', async (end) => {
    const here = await startTalk(bench, { people: 6, followers: 6 })
    const elsewhere = await startTalk(bench, { people: 4, followers: 3 })
    const [author] = here.senders
    const talking = [here.sendSteadily(100), elsewhere.sendSteadily(100)]
    await Promise.all([here.untilAcknowledged(30), elsewhere.untilAcknowledged(30)])
    const holder = await bench.openPostgres()
    await holder.query('BEGIN')
    await holder.query(
      `WITH place AS (UPDATE rooms SET last_seq = last_seq + 1, last_version = last_version + 1 WHERE id = $1 RETURNING last_seq, last_version)
       INSERT INTO messages (room_id, seq, version, author_id, text) SELECT $1, last_seq, last_version, $2, 'held' FROM place`,
      [here.history.room, author?.person.id],
    )
    const before = here.history.acknowledged.length
    const othersBefore = elsewhere.history.acknowledged.length
    await forAtLeast(3_000)
    const meanwhile = here.history.acknowledged.length - before
    const others = summarise(elsewhere.history.sendMs.slice(othersBefore))
    await holder.query(end)
    await holder.end()
    await here.untilAcknowledged(here.history.acknowledged.length + 60)
    for (const talk of talking) await talk.stop()
    await Promise.all([here.history.verify(), elsewhere.history.verify()])
    report(`transaction held, then ${end}`, {
      'sent here meanwhile': meanwhile,
      'sent here in all': here.history.acknowledged.length,
      'sent elsewhere meanwhile': others.count,
      'answered within p99': `${others.p99} ms`,
      max: `${others.max} ms`,
    })
    expect(meanwhile).toBeLessThanOrEqual(here.senders.length)
    expect(others.count).toBeGreaterThan(0)
    expect([...here.history.rejections, ...elsewhere.history.rejections]).toEqual([])
  })
})
