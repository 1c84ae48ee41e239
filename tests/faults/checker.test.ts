import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import { type Follower, findViolation, fingerprint, type History, type Seen, type Stored, shorten } from './checker'

const stored = (seq: number, change: Partial<Stored> = {}): Stored => ({
  seq,
  version: seq,
  authorId: 'ann',
  clientId: `client-${seq}`,
  text: `text ${seq}`,
  time: '2026-08-01T12:00:00.000Z',
  ...change,
})
const seen = (row: Stored): Seen => ({ seq: row.seq, version: row.version, print: fingerprint(row) })
const message = ({ authorId, ...row }: Stored) =>
  ({ room: 'room', editedAt: null, ...row, author: { id: authorId, username: authorId, displayName: authorId, avatar: null } }) as Message

/** Three acknowledged messages, a follower from the start, and a follower from after the second message. */
function goodHistory(): Omit<History, 'stored' | 'followers'> & { stored: Stored[]; followers: (Follower & { log: Seen[] })[] } {
  const rows = [stored(1), stored(2), stored(3)]
  return {
    room: 'room',
    lastSeq: 3,
    lastVersion: 3,
    stored: rows,
    acknowledged: rows.map((row) => ({
      authorId: row.authorId,
      clientId: row.clientId ?? '',
      text: row.text,
      message: message(row),
    })),
    followers: [
      { name: 'Ben', after: 0, log: rows.map(seen) },
      { name: 'Cleo', after: 2, log: rows.slice(2).map(seen) },
    ],
  }
}

function violationIn(spoil: (history: ReturnType<typeof goodHistory>) => Partial<History>): string | null {
  const history = goodHistory()
  return findViolation({ ...history, ...spoil(history) })
}

describe('checker', () => {
  it('finds nothing in a good history, repeated acknowledgements and an unacknowledged message included', () => {
    expect(findViolation(goodHistory())).toBeNull()
    expect(violationIn(({ acknowledged }) => ({ acknowledged: [...acknowledged, ...acknowledged].slice(1, 5) }))).toBeNull()
  })

  it('accepts a changed message that followers got both before and after the change, or only after it', () => {
    const first = stored(1)
    const changed = stored(1, { version: 4, text: 'changed' })
    const rows = [changed, stored(2), stored(3)]
    const rest = rows.slice(1).map(seen)
    expect(
      violationIn(() => ({
        lastVersion: 4,
        stored: rows,
        followers: [
          { name: 'Ben', after: 0, log: [seen(first), ...rest, seen(changed)] },
          { name: 'Cleo', after: 0, log: [...rest, seen(changed)] },
        ],
      })),
    ).toBeNull()
  })

  const withLog = (change: (log: Seen[]) => Seen[]) => (history: ReturnType<typeof goodHistory>) => ({
    followers: history.followers.map((follower) => (follower.name === 'Ben' ? { ...follower, log: change(follower.log) } : follower)),
  })
  const withStored = (change: (rows: Stored[]) => Stored[]) => (history: ReturnType<typeof goodHistory>) => ({
    stored: change(history.stored),
  })
  const forged = { seq: 3, version: 3, print: 1 }

  it.each<[string, Parameters<typeof violationIn>[0], string]>([
    [
      'an acknowledged message that is not stored',
      (history) => ({ lastSeq: 2, stored: history.stored.slice(0, 2) }),
      'client-3 (seq 3) is not stored: it is lost',
    ],
    ['a hole in seq', withStored(([one, , three]) => [one, three] as Stored[]), 'at place 2 of the room is the message of seq 3'],
    [
      'a clientId stored twice',
      withStored(([one, two]) => [one, two, stored(3, { clientId: 'client-1' })] as Stored[]),
      'clientId client-1 of one author is seq 1 and again seq 3',
    ],
    ['two messages of one version', withStored(([one, two]) => [one, two, stored(3, { version: 2 })] as Stored[]), 'seq 3 has version 2'],
    [
      'versions that fall',
      () => ({ lastVersion: 3, stored: [stored(1, { version: 2 }), stored(2, { version: 3 }), stored(3, { version: 3 })] }),
      'seq 2 and seq 3 both have version 3',
    ],
    ['a counter that lags', () => ({ lastVersion: 2 }), 'the room is at version 2, a message at 3'],
    ['a counter that runs ahead', () => ({ lastSeq: 4, lastVersion: 4 }), 'the room counts 4 messages and holds 3'],
    [
      'another text than was sent',
      ({ acknowledged }) => ({ acknowledged: acknowledged.map((each) => ({ ...each, text: 'hello' })) }),
      'client-1 (seq 1) was answered with another text than was sent',
    ],
    [
      'an answer that differs from what is stored',
      withStored(([one, two]) => [one, two, stored(3, { time: '2026-08-01T12:00:01.000Z' })] as Stored[]),
      'the answer is not the message that is stored',
    ],
    [
      'the place of another',
      withStored(([one, two]) => [one, two, stored(3, { clientId: 'client-9' })] as Stored[]),
      'at its place is stored clientId client-9',
    ],
    ['a message missed in the middle', withLog(([one, , three]) => [one, three] as Seen[]), 'Ben missed version 2 (seq 2): its next is 3'],
    ['a message missed at the end', withLog((log) => log.slice(0, 2)), 'Ben missed version 3 (seq 3): it stopped at 2'],
    ['nothing seen', withLog(() => []), 'Ben missed version 1 (seq 1): it saw nothing'],
    ['a message seen twice', withLog(([one, two, three]) => [one, two, two, three] as Seen[]), 'Ben: version 2 (seq 2) came twice'],
    [
      'two messages out of order',
      withLog(([one, two, three]) => [one, three, two] as Seen[]),
      'Ben: version 2 (seq 2) came after version 3',
    ],
    [
      'a message from before the cursor',
      ({ followers: [ben] }) => ({ followers: [{ name: 'Ben', after: 2, log: [...(ben?.log ?? [])] }] }),
      'Ben: version 1 (seq 1) came after version 2',
    ],
    [
      'a message that was made up',
      withLog((log) => [...log, { seq: 9, version: 9, print: 1 }]),
      'Ben: version 9 (seq 9) is not stored: it was made up',
    ],
    [
      'a version that was made up',
      withLog((log) => [...log, { seq: 3, version: 9, print: 1 }]),
      'Ben: version 9 (seq 3) is not stored: that message is at version 3',
    ],
    [
      'words that are not stored',
      withLog(([one, two]) => [one, two, forged] as Seen[]),
      'Ben: version 3 (seq 3) does not say what is stored',
    ],
  ])('finds %s', (_, spoil, violation) => {
    expect(violationIn(spoil)).toContain(violation)
  })

  it('finds two followers that got different contents for one version', () => {
    const rows = [stored(1, { version: 4, text: 'changed' }), stored(2), stored(3)]
    const rest = rows.slice(1).map(seen)
    const log = (text: string) => [seen(stored(1, { text })), ...rest, ...rows.slice(0, 1).map(seen)]
    const followers = [
      { name: 'Ben', after: 0, log: log('text 1') },
      { name: 'Cleo', after: 0, log: log('else') },
    ]
    expect(violationIn(() => ({ lastVersion: 4, stored: rows, acknowledged: [], followers }))).toBe(
      'Cleo: version 1 (seq 1) says something else to another follower',
    )
  })

  it('compares long texts by fingerprint', () => {
    expect(shorten('short')).toBe('short')
    expect(shorten('😀'.repeat(4_000))).toHaveLength(64)
    expect(shorten('😀'.repeat(4_000))).not.toBe(shorten('😀'.repeat(3_999)))
  })
})
