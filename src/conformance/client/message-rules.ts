import { expectThat, expectTrue, pauseFor, type Rule, waitFor } from '../rules'
import type { ScriptedCall, ScriptedConnection } from './scripted-server'
import { type ClientStage, room } from './stage'

const backMs = 10_000
const clientId = 'judge-0001'

const sendsOf = (connections: readonly ScriptedConnection[]): ScriptedCall[] =>
  connections.flatMap(({ calls }) => calls.filter(({ params }) => params?.path === 'chat.send'))

const idOf = ({ params }: ScriptedCall) => params.input?.clientId

export const clientMessageRules: Rule<ClientStage>[] = [
  {
    name: 'following: events are reported once, in order',
    check: async ({ follow, server, reported }) => {
      server.say(room, 'Before')
      await follow()
      for (let number = 2; number <= 200; number++) server.say(room, `Message ${number}`)
      await reported(200)
    },
  },
  {
    name: 'following: a frame in pieces, a long frame and every character are read',
    check: async ({ follow, server, client, reported }) => {
      await follow()
      const text = `ünïcödé 😀 ${'x'.repeat(70_000)} 終`
      server.say(room, text, ({ socket }, frame) => {
        const bytes = Buffer.from(frame)
        const pieces = [bytes.subarray(0, 3), bytes.subarray(3, 1_000), bytes.subarray(1_000)]
        for (const [index, piece] of pieces.entries()) {
          socket.send(piece, { binary: false, fin: index === pieces.length - 1 })
          socket.ping()
        }
      })
      server.say(room, 'After it')
      await reported(2)
      const [first] = client.events.flatMap((each) => (each.event === 'message' ? [each.text] : []))
      expectTrue('the whole text', first === text, `${first?.length} characters`)
    },
  },
  {
    name: 'following: frames and keys that nobody knows are ignored',
    check: async ({ follow, server, reported }) => {
      const connection = await follow()
      connection.send('{"id":"nobody","result":{"type":"data","data":{}}}')
      connection.send('{"id":null,"method":"something.new","params":{}}')
      server.say(room, 'One', ({ send }, frame) =>
        send(frame.replace('"kind":"text"', '"kind":"of-another-time","more":{"than":["is","known"]}')),
      )
      server.say(room, 'Two')
      await reported(2)
    },
  },
  {
    name: 'resuming: after a lost connection the client goes on from the last event',
    check: async ({ follow, server, reported }) => {
      let connection = await follow()
      for (let lost = 1; lost <= 3; lost++) {
        server.say(room, 'Before')
        await reported(2 * lost - 1)
        connection.cut()
        server.say(room, 'Meanwhile')
        connection = await server.connected(lost + 1, backMs)
        await server.followed(connection, room, String(2 * lost - 1))
        await reported(2 * lost)
      }
    },
  },
  {
    name: 'resuming: before the first event, the client goes on from where it began',
    check: async ({ follow, server, reported }) => {
      for (const text of ['One', 'Two', 'Three']) server.say(room, text)
      const connection = await follow({}, '3')
      connection.cut()
      server.say(room, 'Four')
      await server.followed(await server.connected(2, backMs), room, '3')
      await reported(4)
    },
  },
  {
    name: 'resuming: each room goes on from its own event',
    check: async ({ follow, server, client }) => {
      const connection = await follow()
      client.tell({ do: 'follow', room: 'another', after: '0' })
      await server.followed(connection, 'another')
      for (let number = 1; number <= 3; number++) server.say(room, 'Here')
      server.say('another', 'There')
      await client.until('all events', () => client.idsOf(room).length === 3 && client.idsOf('another').length === 1)
      connection.cut()
      const next = await server.connected(2, backMs)
      await server.followed(next, room, '3')
      await server.followed(next, 'another', '1')
    },
  },
  {
    name: 'following: a subscription that is rejected for good is reported, and not asked for again',
    check: async ({ connect, client, server }) => {
      const connection = await connect({ onFollow: () => 'ROOM_NOT_FOUND' })
      client.tell({ do: 'follow', room, after: '0' })
      await client.until('the rejection to be reported', (each) => each.event === 'stopped' && each.failure === 'ROOM_NOT_FOUND')
      await pauseFor(1_000)
      const asked = () => connection.calls.filter(({ params }) => params?.path === 'chat.onMessage').length
      const before = asked()
      await pauseFor(3_000)
      expectThat('how often it asked again', asked() - before, 0)
      expectThat('the number of its connections', server.connections.length, 1)
    },
  },
  {
    name: 'sending: an acknowledged message is reported once, with its seq',
    check: async ({ connect, client, server }) => {
      await connect()
      client.tell({ do: 'send', room, text: 'Hello', clientId })
      await client.until('the message to be reported as sent', (each) => each.event === 'sent')
      await pauseFor(500)
      expectThat(
        'what it reported',
        client.events.filter(({ event }) => event !== 'message'),
        [{ event: 'sent', clientId, seq: 1 }],
      )
      expectThat('how often it was sent', sendsOf(server.connections).length, 1)
    },
  },
  {
    name: 'sending: a message whose acknowledgement was lost is sent again under its clientId',
    check: async ({ connect, client, server }) => {
      const connection = await connect({ onSend: (_, __, time) => (time === 1 ? 'hold' : 'store') })
      client.tell({ do: 'send', room, text: 'Hello', clientId })
      await waitFor('the message', () => sendsOf(server.connections).length === 1, backMs)
      connection.cut()
      await client.until('the message to be reported as sent', (each) => each.event === 'sent' && each.clientId === clientId, backMs)
      const sends = sendsOf(server.connections)
      expectThat('the clientIds', sends.map(idOf), [clientId, clientId])
      expectThat(
        'the texts',
        sends.map(({ params }) => params.input?.text),
        ['Hello', 'Hello'],
      )
      expectThat('the messages that are stored', server.messages(room).length, 1)
    },
  },
  {
    name: 'sending: a message that was given while there was no connection is sent later',
    check: async ({ connect, client, server }) => {
      await connect()
      await server.stop()
      client.tell({ do: 'send', room, text: 'Hello', clientId })
      await pauseFor(500)
      await server.start()
      await client.until('the message to be reported as sent', (each) => each.event === 'sent', backMs)
    },
  },
  {
    name: 'sending: after TOO_MANY_REQUESTS the client waits as long as it was told, and sends the same again',
    check: async ({ connect, client, server }) => {
      const times: number[] = []
      await connect({
        onSend: (_, __, time) => {
          times.push(performance.now())
          return time === 1 ? { failure: 'TOO_MANY_REQUESTS', retryAfterMs: 2_000 } : 'store'
        },
      })
      client.tell({ do: 'send', room, text: 'Hello', clientId })
      await client.until('the message to be reported as sent', (each) => each.event === 'sent')
      expectThat('the clientIds', sendsOf(server.connections).map(idOf), [clientId, clientId])
      const waited = (times[1] ?? 0) - (times[0] ?? 0)
      expectTrue('two seconds between them', waited >= 1_950, `${Math.round(waited)} ms`)
    },
  },
  {
    name: 'sending: a message that is rejected for good is reported, and not sent again',
    check: async ({ connect, client, server }) => {
      await connect({ onSend: () => ({ failure: 'MUTED' }) })
      client.tell({ do: 'send', room, text: 'Hello', clientId })
      await client.until('the rejection to be reported', (each) => each.event === 'failed' && each.failure === 'MUTED')
      await pauseFor(3_000)
      expectThat('how often it was sent', sendsOf(server.connections).length, 1)
    },
  },
  {
    name: 'sending: messages of a room are stored in their order, also when the first is refused for a while',
    check: async ({ connect, client, server }) => {
      await connect({ onSend: (call, _, time) => (idOf(call) === 'judge-0001' && time < 3 ? { failure: 'UNAVAILABLE' } : 'store') })
      for (let number = 1; number <= 3; number++) client.tell({ do: 'send', room, text: String(number), clientId: `judge-000${number}` })
      await client.until(
        'the last message to be reported as sent',
        (each) => each.event === 'sent' && each.clientId === 'judge-0003',
        20_000,
      )
      expectThat(
        'the stored messages',
        server.messages(room).map(({ text }) => text),
        ['1', '2', '3'],
      )
    },
  },
]
