import { randomUUID } from 'node:crypto'
import type { Message } from '../../src/contract/message'

const author = { id: randomUUID(), username: 'p0123456789ab', displayName: 'p0123456789ab', avatar: null }
const uid = randomUUID()
const clientId = randomUUID()
let seq = 0

/** A message with the same fields as Roomline's, so that every server sends about as many bytes. */
export function createMessage(room: string, text: string): Message {
  seq++
  return {
    room,
    seq,
    version: seq,
    kind: 'text',
    detail: null,
    author,
    uid,
    clientId,
    text,
    time: new Date().toISOString(),
    replyTo: null,
    replyCount: 0,
    thread: null,
    mentions: [],
    attachments: [],
    reactions: [],
    editedAt: null,
    deletedAt: null,
    pinnedAt: null,
  }
}
