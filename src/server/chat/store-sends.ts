import type { Pool } from 'pg'
import { Failure, type FailureName } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { cutQuote } from '../../contract/rules'
import { isUnavailable, retried } from '../platform/database'
import type { MessageHistory } from './history'
import { createSendQueue, type Send } from './send-queue'

/** Stores any number of sends: see store_sends in prisma/migrations. */
export const storeStatement = 'SELECT * FROM store_sends($1, $2)'

/** What became of a send. Everything from `seq` on is null unless it says otherwise. */
interface StoreRow {
  outcome: keyof typeof refusals | 'stored' | 'known'
  /** Of `stored` and `known`. */
  seq: number | null
  /** From here on of `stored`. */
  version: number | null
  time: Date | null
  username: string
  display_name: string
  avatar: string | null
  mentions: string[] | null
  reply_to: Message['replyTo']
  thread: number | null
  /** The new version of the message that it answers; null when a later answer stored with it has it. */
  parent_version: number | null
  /** Of `too_soon`. */
  wait_ms: number | null
}

const refusals = {
  signed_out: 'UNAUTHORIZED',
  reused: 'CLIENT_ID_REUSED',
  not_a_member: 'NOT_A_MEMBER',
  archived: 'ROOM_ARCHIVED',
  no_room: 'ROOM_NOT_FOUND',
  muted: 'MUTED',
  restricted: 'POSTING_RESTRICTED',
  no_parent: 'MESSAGE_NOT_FOUND',
  too_soon: 'SLOW_MODE',
} as const satisfies Record<string, FailureName>

/** The first parameter of `storeStatement`. */
export function toStoreInput(sends: readonly Send[]): string {
  return JSON.stringify(
    sends.map(({ room, authorId, uid, clientId, text, replyTo, mentions }, place) => ({
      ...{ place, room, author: authorId, uid, client_id: clientId, text },
      ...(replyTo && { reply_to: replyTo }),
      ...(mentions && mentions.length > 0 && { mentions }),
    })),
  )
}

/** Sends that are stored; sends that wait at the same time are stored together. */
export function createSendStore(pool: Pool, messages: Pick<MessageHistory, 'find'>) {
  const queue = createSendQueue<StoreRow>(
    (sends, { mayWait }) =>
      retried(async () => {
        const { rows } = await pool.query<StoreRow | { outcome: 'busy' }>(storeStatement, [toStoreInput(sends), mayWait])
        return rows.map((row) => (row.outcome === 'busy' ? 'busy' : row))
      }),
    isUnavailable,
  )

  return {
    /**
     * Stores the message once and gives it its seq, if its author is a member of the room. Sent again with the same
     * clientId, it is the message that was stored before.
     * @returns `parentVersion`: the new version of the message that it answers; null when a later answer has it
     * @throws {Failure} UNAUTHORIZED, CLIENT_ID_REUSED for another message, MESSAGE_NOT_FOUND for what it answers, MUTED,
     * POSTING_RESTRICTED, SLOW_MODE, ROOM_ARCHIVED, NOT_A_MEMBER, ROOM_NOT_FOUND, UNAVAILABLE
     */
    store: async (send: Send): Promise<{ message: Message; isNew: boolean; parentVersion: number | null }> => {
      const row = await queue.put(send)
      if (row.outcome === 'stored') return { message: toNewMessage(send, row), isNew: true, parentVersion: row.parent_version }
      if (row.outcome === 'known') {
        const known = row.seq === null ? null : await messages.find(send.room, row.seq)
        if (!known) throw new Failure('UNAVAILABLE')
        return { message: known, isNew: false, parentVersion: null }
      }
      throw new Failure(refusals[row.outcome], row.wait_ms === null ? {} : { retryAfterMs: row.wait_ms })
    },
  }
}

export type SendStore = ReturnType<typeof createSendStore>

function toNewMessage({ room, authorId, uid, clientId, text }: Send, row: StoreRow): Message {
  const { seq, version, time, username, display_name: displayName, avatar, mentions, reply_to: replyTo, thread } = row
  if (seq === null || version === null || time === null) throw new Error('a message was stored without its place')
  return {
    room,
    seq,
    version,
    kind: 'text',
    detail: null,
    author: { id: authorId, username, displayName, avatar },
    uid,
    clientId,
    text,
    time: time.toISOString(),
    replyTo: replyTo && { ...replyTo, text: cutQuote(replyTo.text) },
    replyCount: 0,
    thread,
    mentions: mentions ?? [],
    attachments: [],
    reactions: [],
    editedAt: null,
    deletedAt: null,
    pinnedAt: null,
  }
}
