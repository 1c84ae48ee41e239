import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { limits } from '../../src/contract/rules'
import { messageText } from '../../src/contract/text'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

let roomline: Roomline
let ada: ConnectedPerson
let ben: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  ada = await connectPerson(roomline)
  ben = await connectPerson(roomline, { node: 1 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** What people type and paste, and what breaks programs. */
const pieces = fc.constantFrom(
  ...[
    'hello',
    ' ',
    '  ',
    '\n',
    '\n\n',
    '\t',
    '\r\n',
    '\u00a0',
    '\u3000',
    '\u200b',
    '\u2028',
    '0',
    '-',
    '> ',
    '# ',
    '1. ',
    '* ',
    '||',
    '\\',
  ],
  ...[
    '**bold**',
    '_it_',
    '~~no~~',
    '`code`',
    '```ts\n  if (a => b) {\n\n\t}\n```',
    '`',
    '``',
    '```',
    '    indented',
    '$x$',
    '&amp;',
    '&#0;',
  ],
  ...[
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '"',
    "'",
    '%s',
    '\u0024{x}',
    '{{x}}',
    "'; --",
  ],
  ...[
    'https://example.com/a_(b)?c=d#e',
    '（https://example.com/a）',
    'https://example.com。ログイン',
    '@ada',
    '@room',
    '请@bob看一下',
    '#general',
  ],
  ...[
    '👍🏽',
    '👩‍👩‍👧‍👦',
    '🇪🇸',
    '❤️',
    '☺',
    'é',
    'e\u0301',
    'ﬁ',
    '각',
    '각',
    'ß',
    'İ',
    'العربية',
    '\u202eabc\u202c',
    '\u2066x\u2069',
    '\ufeff',
    '\u0600',
    '\u{10ffff}',
  ],
)
const typed = fc.oneof(
  { weight: 5, arbitrary: fc.array(pieces, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.fullUnicodeString({ minLength: 1, maxLength: 200 }) },
  { weight: 1, arbitrary: fc.fullUnicodeString({ minLength: limits.messageText - 20, maxLength: limits.messageText + 20 }) },
)

/** Everything that somebody typed is kept but blank lines around it and spaces at its end. */
const withoutBlankEnds = (text: string) => text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd()

it('any text: is refused, or comes back equal when sent, live, in the history, found, edited and caught up', async () => {
  const room = await makeRoom('private', ada, ben)
  const live = await ben.follow(room)
  const expected = new Map<number, string>()
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.array(typed, { minLength: 20, maxLength: 40 }), async (texts) => {
      const accepted: string[] = []
      for (const text of texts) {
        const read = messageText.safeParse(text)
        if (read.success) accepted.push(text)
        else if (++refused % 10 === 0) expect(await failureOf(ada.trpc.chat.send.mutate({ room, text }))).toBe('BAD_REQUEST')
      }
      const sent = await Promise.all(accepted.map((text) => ada.trpc.chat.send.mutate({ room, text })))
      const edited = await Promise.all(
        accepted.slice(0, 10).map(async (text) => {
          const { seq } = await ben.trpc.chat.send.mutate({ room, text: 'to be changed' })
          return { text, message: await ben.trpc.chat.edit.mutate({ room, seq, text }) }
        }),
      )
      for (const [index, { seq, text }] of sent.entries()) {
        const original = accepted[index] ?? ''
        expected.set(seq, messageText.parse(original))
        expect(text).toBe(messageText.parse(original))
        if (!/[\r\u2028]/.test(original)) expect(text).toBe(withoutBlankEnds(original))
        // What was accepted once is accepted as it is.
        expect(messageText.parse(text)).toBe(text)
      }
      for (const { text, message } of edited) {
        expected.set(message.seq, messageText.parse(text))
        expect(message.text).toBe(messageText.parse(text))
      }
    }),
    { numRuns: 6, seed, endOnFailure: true },
  )
  const seqs = [...expected.keys()].sort((a, b) => a - b)
  const last = seqs.at(-1) ?? 0
  const textsOf = (messages: Iterable<{ seq: number; version: number; text: string }>) => {
    const newest = new Map<number, { version: number; text: string }>()
    for (const { seq, version, text } of messages) if (version >= (newest.get(seq)?.version ?? 0)) newest.set(seq, { version, text })
    return seqs.map((seq) => newest.get(seq)?.text)
  }
  const wanted = seqs.map((seq) => expected.get(seq))
  const isComplete = (messages: readonly { seq: number; text: string }[]) =>
    textsOf(messages as never).every((text, index) => text === wanted[index])

  await until(() => live.messages.length >= last && isComplete(live.messages)).catch(() => {})
  expect(textsOf(live.messages)).toEqual(wanted)
  const caughtUp = await roomline.connect(ada, { node: 1 }).follow(room, '0')
  await until(() => isComplete(caughtUp.messages)).catch(() => {})
  expect(textsOf(caughtUp.messages)).toEqual(wanted)

  const history = []
  for (let after = 0; after < last; after += 100) history.push(...(await ben.trpc.chat.history.query({ room, after, limit: 100 })).messages)
  expect(textsOf(history)).toEqual(wanted)

  const search = async () => {
    const found = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof ada.trpc.chat.search.query>> = await ada.trpc.chat.search.query({
        ...{ room, limit: 100, after: '2020-01-01', ...(cursor && { cursor }) },
      })
      found.push(...page.hits.map(({ message }) => message))
      cursor = page.cursor
    }
    return found
  }
  let found: Awaited<ReturnType<typeof search>> = []
  await until(async () => {
    found = await search()
    return isComplete(found)
  }).catch(() => {})
  expect(textsOf(found)).toEqual(wanted)
  expect(wanted.length).toBeGreaterThan(100)
})
