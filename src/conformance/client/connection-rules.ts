import { closeCodes, reconnectNotice } from '../../contract/failures'
import { expectThat, expectTrue, pauseFor, type Rule, waitFor } from '../rules'
import { errorOf } from './scripted-answers'
import { judgedToken } from './scripted-server'
import { type ClientStage, room } from './stage'

/** How soon a client must be back when nothing keeps it from connecting. */
const backMs = 10_000
/** How long it must stay away to count as gone for good. */
const awayMs = 4_000

const ends = (code: number, failure: 'UNAUTHORIZED' | 'ANOTHER_USER' | null): Rule<ClientStage>['check'] => {
  return async ({ follow, client, staysAway }) => {
    const { send, socket } = await follow()
    if (failure) send(JSON.stringify({ id: null, error: errorOf(failure) }))
    socket.close(code)
    await client.until('the client to say that it has ended', ({ event }) => event === 'ended')
    await staysAway(awayMs)
  }
}

const comesBack = (code: number): Rule<ClientStage>['check'] => {
  return async ({ server, follow, reported }) => {
    const { socket } = await follow()
    server.say(room, 'One')
    await reported(1)
    socket.close(code)
    server.say(room, 'Two')
    await server.followed(await server.connected(2, backMs), room)
    await reported(2)
  }
}

export const clientConnectionRules: Rule<ClientStage>[] = [
  {
    name: 'signing in: the token is in a header or in connection parameters, never in the URL',
    check: async ({ connect, server }) => {
      const { token, url } = await connect()
      expectThat('the token', token, judgedToken)
      expectTrue(
        'no token in the URL',
        server.connections.every((each) => !each.url.includes(judgedToken)),
        url,
      )
    },
  },
  {
    name: 'signing in: a client that is refused with 4401 ends and stays away',
    check: async ({ connect, client, staysAway }) => {
      await connect({ accept: () => ({ failure: 'UNAUTHORIZED', code: closeCodes.notSignedIn.code }) })
      await client.until('the client to say that it has ended', ({ event }) => event === 'ended')
      await staysAway(awayMs)
    },
  },
  { name: 'close codes: 4401 ends the client for good', check: ends(closeCodes.notSignedIn.code, 'UNAUTHORIZED') },
  { name: 'close codes: 4403 ends the client for good', check: ends(closeCodes.anotherUser.code, 'ANOTHER_USER') },
  { name: 'close codes: 1008 ends the client for good', check: ends(closeCodes.abuse.code, null) },
  { name: 'close codes: after 4408 the client comes back and resumes', check: comesBack(closeCodes.tooSlow.code) },
  { name: 'close codes: after 1012 the client comes back and resumes', check: comesBack(closeCodes.restarting.code) },
  { name: 'close codes: after a code that nobody knows the client comes back and resumes', check: comesBack(4999) },
  {
    name: 'close codes: while 4429 refuses it, the client comes back after growing pauses',
    check: async ({ connect, server }) => {
      await connect({ accept: () => ({ failure: 'TOO_MANY_CONNECTIONS', code: closeCodes.tooManyConnections.code }) })
      const halfMs = 8_000
      await pauseFor(halfMs)
      const early = server.attempts.length
      await pauseFor(halfMs)
      const late = server.attempts.length - early
      expectTrue('the client to try again', early + late > 1, early + late)
      expectTrue('at most 12 attempts in 8 seconds', early <= 12, early)
      expectTrue('fewer attempts in the next 8 seconds', late < early, { early, late })
    },
  },
  {
    name: 'pauses: a server that answers 503 is asked again, and not all the time',
    check: async ({ server, client }) => {
      let refused = 3
      server.script = { refuse: () => (refused-- > 0 ? 503 : null) }
      client.tell({ do: 'connect', url: server.url, token: judgedToken })
      const connection = await server.connected(1, 30_000)
      const took = connection.openedAt - (server.attempts[0] ?? 0)
      expectTrue('at least 100 ms for three more attempts', took > 100, `${Math.round(took)} ms`)
    },
  },
  {
    name: 'pauses: a server that was gone is found again',
    check: async ({ server, follow, reported }) => {
      await follow()
      await server.stop()
      await pauseFor(2_000)
      server.say(room, 'One')
      await server.start()
      await server.followed(await server.connected(2, backMs), room)
      await reported(1)
    },
  },
  {
    name: 'deploys: on a reconnect notice the client moves, and no event is lost or repeated',
    check: async ({ server, follow, reported }) => {
      const old = await follow()
      server.say(room, 'One')
      await reported(1)
      old.send(reconnectNotice)
      const moved = await server.connected(2, backMs)
      await server.followed(moved, room, '1')
      old.socket.close(closeCodes.restarting.code)
      server.say(room, 'Two')
      await reported(2)
      await waitFor('the old connection to be closed', () => old.closedWith !== null, 5_000)
      server.say(room, 'Three')
      await reported(3)
      expectThat('the number of its connections', server.connections.length, 2)
    },
  },
  {
    name: 'liveness: pings of the WebSocket and the text PING are answered',
    check: async ({ connect }) => {
      const connection = await connect()
      let pongs = 0
      connection.socket.on('pong', () => pongs++)
      connection.socket.ping('are you there')
      connection.send('PING')
      await waitFor('an answer to each', () => pongs === 1 && connection.pongs === 1, 5_000)
    },
  },
  {
    name: 'liveness: an answer that takes four seconds is waited for',
    check: async ({ follow, server, reported }) => {
      const connection = await follow({ pongMs: () => 4_000 })
      // A client that never pings relies on the pings of the server.
      await waitFor('', () => connection.pings > 0, 25_000).catch(() => {})
      await pauseFor(6_000)
      server.say(room, 'One')
      await reported(1)
      expectThat('the number of its connections', server.connections.length, 1)
    },
  },
  {
    name: 'liveness: a connection on which nothing arrives any more is noticed within 35 seconds',
    check: async ({ follow, server, reported }) => {
      let isSilent = true
      await follow({ pongMs: () => (isSilent ? null : 0) })
      await server.connected(2, 35_000)
      isSilent = false
      server.say(room, 'One')
      await reported(1)
    },
  },
  {
    name: 'closing: the client ends when it is told to, and its connection with it',
    check: async ({ follow, client }) => {
      const connection = await follow()
      client.tell({ do: 'close' })
      await waitFor('the connection to be closed', () => connection.closedWith !== null, 5_000)
      expectThat('its exit code', await client.ended, 0)
    },
  },
]
