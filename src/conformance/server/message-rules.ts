import { randomUUID } from 'node:crypto'
import type { Message } from '../../contract/message'
import { procedureContracts } from '../../contract/procedures'
import { limits } from '../../contract/rules'
import { expectThat, expectTrue, type Rule } from '../rules'
import type { ServerStage } from './stage'

function requireMessage(value: unknown): Message {
  const parsed = procedureContracts['chat.send'].output.safeParse(value)
  expectTrue('a message of the contract', parsed.success, parsed.error?.issues)
  return value as Message
}

export const serverMessageRules: Rule<ServerStage>[] = [
  {
    name: 'messages: a stored message has everything that the contract says, and what was sent',
    check: async ({ ada, room, open }) => {
      const connection = await open(ada)
      const clientId = randomUUID()
      const { uid } = await connection.must('query', 'session.me')
      const message = requireMessage(await connection.must('mutation', 'chat.send', { room, text: 'Hello', clientId }))
      expectThat(
        'the message',
        [message.room, message.kind, message.text, message.clientId, message.uid, message.author.username],
        [...[room, 'text', 'Hello', clientId, uid, ada.username]],
      )
    },
  },
  {
    name: 'messages: seq has no holes and version always rises, whoever writes',
    check: async ({ ada, bob, makeRoom, open }) => {
      const room = await makeRoom()
      const [mine, bobs] = [await open(ada), await open(bob)]
      const sent: Message[] = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? mine : bobs).must('mutation', 'chat.send', { room, text: `Message ${index}` }),
        ),
      )
      const { messages } = await mine.must('query', 'chat.history', { room, limit: 100 })
      const seqs = (messages as Message[]).map(({ seq }) => seq)
      expectThat(
        'the seqs',
        seqs,
        Array.from({ length: seqs.length }, (_, index) => index + 1),
      )
      const versions = (messages as Message[]).map(({ version }) => version)
      expectTrue(
        'rising versions',
        versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0)),
        versions,
      )
      expectTrue(
        'every acknowledged message in the history',
        sent.every(({ seq }) => seqs.includes(seq)),
      )
    },
  },
  {
    name: 'messages: the same clientId is the same message, also over another connection; with another text CONFLICT',
    check: async ({ ada, bob, room, open }) => {
      const [first, second, other] = [await open(ada), await open(ada), await open(bob)]
      const input = { room, text: 'Once', clientId: randomUUID() }
      const sent = await Promise.all([first.must('mutation', 'chat.send', input), second.must('mutation', 'chat.send', input)])
      expectThat('the second answer', sent[1], sent[0])
      expectThat('another text', await first.failureOf('mutation', 'chat.send', { ...input, text: 'Twice' }), 'CLIENT_ID_REUSED')
      const bobs = requireMessage(await other.must('mutation', 'chat.send', input))
      expectTrue('a message of its own for another author', bobs.seq !== (sent[0] as Message).seq)
    },
  },
  {
    name: 'messages: a text has 1 to 4,000 characters and something to see, and keeps its indentation',
    check: async ({ ada, room, open }) => {
      const connection = await open(ada)
      const send = (text: string) => connection.failureOf('mutation', 'chat.send', { room, text })
      for (const text of ['', ' \n ', '\u200b', 'x'.repeat(limits.messageText + 1), 'NUL \0']) {
        expectThat(`a text of ${text.length} characters that may not be sent`, await send(text), 'BAD_REQUEST')
      }
      expectThat('4,000 characters of two units each', await send('😀'.repeat(limits.messageText)), 'accepted')
      const { text } = await connection.must('mutation', 'chat.send', { room, text: '\n\n  indented\nline  \n\n' })
      expectThat('a text with blank lines around it', text, '  indented\nline')
    },
  },
  {
    name: 'history: pages before, after and around a seq are ascending, and say whether there is more',
    check: async ({ ada, makeRoom, open }) => {
      const room = await makeRoom()
      const { must } = await open(ada)
      for (let number = 0; number < 6; number++) await must('mutation', 'chat.send', { room, text: `Message ${number}` })
      const { messages: all } = await must('query', 'chat.history', { room, limit: 100 })
      const seqs = (all as Message[]).map(({ seq }) => seq)
      const last = seqs.at(-1) ?? 0
      const page = async (input: object) => {
        const { messages, hasBefore, hasAfter } = await must('query', 'chat.history', { room, limit: 2, ...input })
        return [(messages as Message[]).map(({ seq }) => seq), hasBefore, hasAfter]
      }
      expectThat('the newest page', await page({}), [[last - 1, last], true, false])
      expectThat('the page before a seq', await page({ before: last }), [[last - 2, last - 1], true, true])
      expectThat('the page after a seq', await page({ after: 0 }), [[1, 2], false, true])
      expectTrue('the seq in the page around it', ((await page({ around: 3 }))[0] as number[]).includes(3))
    },
  },
  {
    name: 'changes: edit, reaction, pin and removal give the same message with a higher version',
    check: async ({ ada, bob, room, open }) => {
      const [mine, bobs] = [await open(ada), await open(bob)]
      let before = requireMessage(await mine.must('mutation', 'chat.send', { room, text: 'Helo' }))
      const { seq } = before
      const change = async (path: string, input: object, by = mine) => {
        const after = requireMessage(await by.must('mutation', path, { room, seq, ...input }))
        expectThat(`the seq after ${path}`, after.seq, seq)
        expectTrue(`a higher version after ${path}`, after.version > before.version, [before.version, after.version])
        before = after
        return after
      }
      const edited = await change('chat.edit', { text: 'Hello' })
      expectTrue('the new text, and editedAt', edited.text === 'Hello' && edited.editedAt !== null, edited)
      expectThat('the reaction', (await change('chat.react', { emoji: '👍' }, bobs)).reactions, [
        { emoji: '👍', usernames: [bob.username], count: 1 },
      ])
      expectThat('the reactions after it was taken back', (await change('chat.unreact', { emoji: '👍' }, bobs)).reactions, [])
      expectTrue('pinnedAt', (await change('chat.pin', {})).pinnedAt !== null)
      const removed = await change('chat.remove', {})
      expectTrue('no text, and deletedAt', removed.text === '' && removed.deletedAt !== null, removed)
      expectThat(
        "somebody else's message cannot be edited",
        await bobs.failureOf('mutation', 'chat.edit', { room, seq, text: 'x' }),
        'MESSAGE_NOT_FOUND',
      )
    },
  },
  {
    name: 'answers: replyTo quotes the message as it is, and a thread has all its answers',
    check: async ({ ada, bob, room, open }) => {
      const [mine, bobs] = [await open(ada), await open(bob)]
      const root = requireMessage(await mine.must('mutation', 'chat.send', { room, text: 'A question' }))
      const answer = requireMessage(await bobs.must('mutation', 'chat.send', { room, text: 'An answer', replyTo: root.seq }))
      expectThat('the quote', [answer.replyTo?.seq, answer.replyTo?.text, answer.thread], [root.seq, 'A question', root.seq])
      await mine.must('mutation', 'chat.edit', { room, seq: root.seq, text: 'A better question' })
      const thread = await mine.must('query', 'chat.thread', { room, seq: answer.seq })
      expectThat('the root', [thread.root?.seq, thread.root?.replyCount], [root.seq, 1])
      expectThat('the quote in the thread', thread.messages?.[0]?.replyTo?.text, 'A better question')
    },
  },
  {
    name: 'rights: a room that one may not see and one that does not exist get the same answer',
    check: async ({ ada, bob, open }) => {
      const { must } = await open(ada)
      const { id } = await must('mutation', 'rooms.create', { name: `Secret ${randomUUID().slice(0, 8)}`, kind: 'private' })
      const { ask } = await open(bob)
      const calls = [
        ['query', 'chat.history', {}],
        ['mutation', 'chat.send', { text: 'Hello' }],
        ['subscription', 'chat.onMessage', {}],
        ['mutation', 'rooms.join', {}],
      ] as const
      for (const [kind, path, input] of calls) {
        const hidden = (await ask(kind, path, { ...input, room: id })).error
        const missing = (await ask(kind, path, { ...input, room: randomUUID() })).error
        expectThat(`the answer to ${path}`, hidden, missing)
        expectThat(`the code of ${path}`, hidden?.data?.code, 'NOT_FOUND')
      }
    },
  },
]
