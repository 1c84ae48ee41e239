import * as z from 'zod'
import { limits } from '../rules'
import { userShape } from './session'
import { countShape, cursorShape, positionShape, timeShape } from './shapes'

export const lineDetailShape = z
  .object({ user: userShape.optional(), name: z.string().optional(), topic: z.string().optional() })
  .meta({ id: 'LineDetail', description: 'What a line about the room needs beside its kind.' })

export const messageShape = z
  .object({
    room: z.string(),
    seq: positionShape.describe('Its position in the room: 1, 2, 3 … without holes. It never changes.'),
    version: positionShape.describe("The room counts its changes; this is the number of this message's latest one."),
    kind: z.enum(['text', 'joined', 'left', 'added', 'removed', 'banned', 'renamed', 'topic', 'archived', 'restored']),
    detail: lineDetailShape.nullable(),
    author: userShape,
    uid: z.string().nullable().describe('The connection that sent it; null when it was sent over plain HTTP.'),
    clientId: z.string().nullable().describe('Chosen by the client that sent it.'),
    text: z.string().describe("'' in a line about the room and in a removed message."),
    time: timeShape.describe('When the server stored it. Sort by `seq`, not by this.'),
    replyTo: z.object({ seq: positionShape, author: userShape, text: z.string() }).nullable(),
    replyCount: countShape,
    thread: positionShape.nullable().describe('The seq of the first message of the chain of answers that it belongs to.'),
    mentions: z.array(z.string()).describe('Usernames of members, and "@room" for everybody in the room.'),
    attachments: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        type: z.string(),
        size: countShape,
        width: countShape.optional(),

        height: countShape.optional(),
        url: z.string(),
      }),
    ),
    reactions: z.array(z.object({ emoji: z.string(), usernames: z.array(z.string()).max(limits.reactorsNamed), count: countShape })),
    editedAt: timeShape.nullable(),
    deletedAt: timeShape.nullable(),
    pinnedAt: timeShape.nullable(),
  })
  .meta({ id: 'Message', description: 'One entry of a room. A change is the same message again, with a higher `version`.' })

/** An event of `chat.onMessage`: its id is the `lastEventId` from which the stream goes on. */
export const messageEventShape = z
  .object({ id: z.string().regex(/^\d+$/).describe('The version, as text.'), data: messageShape })
  .meta({ id: 'MessageEvent' })

export const historyPageShape = z
  .object({ messages: z.array(messageShape).describe('Ascending by seq.'), hasBefore: z.boolean(), hasAfter: z.boolean() })
  .meta({ id: 'HistoryPage' })

export const threadPageShape = z
  .object({ root: messageShape, messages: z.array(messageShape), hasBefore: z.boolean() })
  .meta({ id: 'ThreadPage' })

export const searchPageShape = z
  .object({
    hits: z.array(
      z.object({
        message: messageShape,
        excerpt: z.string(),
        marks: z.array(z.tuple([countShape, countShape])).describe('Start and end, as places in the excerpt, in UTF-16 units.'),
      }),
    ),
    cursor: cursorShape,
  })
  .meta({ id: 'SearchPage' })
