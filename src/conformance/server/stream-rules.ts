import type { Message } from '../../contract/message'
import { procedureContracts } from '../../contract/procedures'
import { expectThat, expectTrue, pauseFor, type Rule } from '../rules'
import type { BareAnswer } from './bare-connection'
import type { ServerStage } from './stage'

const texts = (frames: readonly BareAnswer[]) => frames.map(({ result }) => result?.data?.data?.text)

export const streamRules: Rule<ServerStage>[] = [
  {
    name: 'streams: without an event id, a room is followed from now on',
    check: async ({ ada, bob, makeRoom, open }) => {
      const room = await makeRoom()
      const [mine, bobs] = [await open(ada), await open(bob)]
      await bobs.must('mutation', 'chat.send', { room, text: 'Before' })
      const { until } = await mine.follow('chat.onMessage', { room })
      const sent: Message = await bobs.must('mutation', 'chat.send', { room, text: 'After' })
      const [event] = await until(1)
      expectThat('the event', event?.result?.data, { id: String(sent.version), data: sent })
      expectThat('the id of the event in the frame of tRPC', event?.result?.id, String(sent.version))
      const shape = procedureContracts['chat.onMessage'].output.safeParse(event?.result?.data)
      expectTrue('an event of the contract', shape.success, shape.error?.issues)
    },
  },
  ...[
    { where: 'the input', inputOf: (lastEventId: string) => ({ lastEventId }), paramsOf: () => ({}) },
    { where: 'the params', inputOf: () => ({}), paramsOf: (lastEventId: string) => ({ lastEventId }) },
  ].map(
    ({ where, inputOf, paramsOf }): Rule<ServerStage> => ({
      name: `streams: with a lastEventId in ${where}, everything after it comes, then what is new, without a gap or a repeat`,
      check: async ({ ada, bob, makeRoom, open }) => {
        const room = await makeRoom()
        const [mine, bobs] = [await open(ada), await open(bob)]
        const versions: number[] = []
        for (let number = 1; number <= 6; number++) {
          versions.push((await bobs.must('mutation', 'chat.send', { room, text: `Message ${number}` })).version)
        }
        const { until, frames } = await mine.follow(
          'chat.onMessage',
          { room, ...inputOf(String(versions[2])) },
          paramsOf(String(versions[2])),
        )
        await bobs.must('mutation', 'chat.send', { room, text: 'Message 7' })
        await until(4)
        await pauseFor(300)
        expectThat(
          'the texts',
          texts(frames()),
          [4, 5, 6, 7].map((number) => `Message ${number}`),
        )
      },
    }),
  ),
  {
    name: 'streams: from "0", the whole room comes, each message as it is now, by version',
    check: async ({ ada, makeRoom, open }) => {
      const room = await makeRoom()
      const mine = await open(ada)
      const first: Message = await mine.must('mutation', 'chat.send', { room, text: 'One' })
      await mine.must('mutation', 'chat.send', { room, text: 'Two' })
      await mine.must('mutation', 'chat.edit', { room, seq: first.seq, text: 'One, edited' })
      const { messages } = await mine.must('query', 'chat.history', { room, limit: 100 })
      const { until } = await mine.follow('chat.onMessage', { room, lastEventId: '0' })
      const events = await until(messages.length)
      const expected = (messages as Message[]).sort((a, b) => a.version - b.version)
      expectThat(
        'the events',
        events.map(({ result }) => result?.data?.data),
        expected,
      )
    },
  },
  {
    name: 'streams: everybody gets the same event, and changes are events too',
    check: async ({ ada, bob, makeRoom, open }) => {
      const room = await makeRoom()
      const [mine, bobs] = [await open(ada), await open(bob)]
      const followed = [await mine.follow('chat.onMessage', { room }), await bobs.follow('chat.onMessage', { room })]
      const { seq } = await mine.must('mutation', 'chat.send', { room, text: 'Hello' })
      await bobs.must('mutation', 'chat.react', { room, seq, emoji: '👍' })
      const [adas = [], hisOwn = []] = await Promise.all(followed.map(({ until }) => until(2)))
      expectThat(
        'what Bob gets',
        hisOwn.map(({ result }) => result),
        adas.map(({ result }) => result),
      )
      const [first, second] = adas.map(({ result }) => result?.data?.data as Message)
      expectTrue('the same seq with a higher version', first?.seq === second?.seq && (first?.version ?? 0) < (second?.version ?? 0))
    },
  },
  {
    name: 'streams: a subscription that is stopped says so, and sends nothing more',
    check: async ({ ada, room, open }) => {
      const { follow, send, must } = await open(ada)
      const { id, until, frames } = await follow('chat.onMessage', { room })
      send({ id, method: 'subscription.stop' })
      const [stopped] = await until(1)
      expectThat('the confirmation', stopped?.result?.type, 'stopped')
      await must('mutation', 'chat.send', { room, text: 'Not for that one' })
      await pauseFor(300)
      expectThat('the number of frames', frames().length, 1)
    },
  },
  {
    name: 'streams: whoever is removed gets an error, and nothing that is written afterwards',
    check: async ({ ada, bob, makeRoom, open }) => {
      const room = await makeRoom()
      const [mine, bobs] = [await open(ada), await open(bob)]
      const { until, frames } = await bobs.follow('chat.onMessage', { room })
      await mine.must('mutation', 'chat.send', { room, text: 'For Bob' })
      await until(1)
      await mine.must('mutation', 'rooms.remove', { room, username: bob.username })
      await mine.must('mutation', 'chat.send', { room, text: 'Not for Bob' })
      await until(2)
      await pauseFor(500)
      expectThat(
        'the error',
        frames().flatMap(({ error }) => error?.data?.code ?? []),
        ['FORBIDDEN'],
      )
      expectTrue('nothing that was written afterwards', !JSON.stringify(frames()).includes('Not for Bob'))
      expectThat('history', await bobs.failureOf('query', 'chat.history', { room }), 'ROOM_NOT_FOUND')
    },
  },
  {
    name: 'streams: an event id that the room has not reached is refused',
    check: async ({ ada, room, open }) => {
      const { ask } = await open(ada)
      const { error } = await ask('subscription', 'chat.onMessage', { room, lastEventId: '2000000000' })
      expectThat('the code', error?.data?.code, 'BAD_REQUEST')
    },
  },
  {
    name: 'streams: the room list begins with all rooms, and tells each change',
    check: async ({ ada, bob, room, open }) => {
      const [mine, bobs] = [await open(ada), await open(bob)]
      const { until, frames } = await mine.follow('rooms.onChange', {})
      const [list] = await until(1)
      expectThat('the first event', list?.result?.data?.type, 'list')
      expectTrue(
        'the room in it',
        list?.result?.data?.rooms?.some(({ id }: { id: string }) => id === room),
      )
      await bobs.must('mutation', 'chat.send', { room, text: 'News for the list' })
      await until(2)
      await pauseFor(300)
      const last = frames().at(-1)?.result?.data
      expectThat('the change', [last?.type, last?.room?.id, last?.room?.lastMessage?.text], ['room', room, 'News for the list'])
      for (const { result } of frames()) {
        const shape = procedureContracts['rooms.onChange'].output.safeParse(result?.data)
        expectTrue('events of the contract', shape.success, shape.error?.issues)
      }
    },
  },
  {
    name: 'streams: presence begins with who is here, and tells who types',
    check: async ({ ada, bob, room, open }) => {
      const [mine, bobs] = [await open(ada), await open(bob)]
      const { until, frames } = await mine.follow('presence.onChange', { room })
      const [now] = await until(1)
      expectThat('the first event', now?.result?.data?.type, 'now')
      await bobs.must('mutation', 'chat.typing', { room })
      for (let waited = 0; waited < 50 && !JSON.stringify(frames()).includes(`"typing":["${bob.username}"]`); waited++) await pauseFor(100)
      expectTrue('that Bob types', JSON.stringify(frames()).includes(`"typing":["${bob.username}"]`), frames().at(-1))
    },
  },
]
