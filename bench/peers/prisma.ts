import { createHash, randomUUID } from 'node:crypto'
import { openDatabase } from '../../src/server/platform/database'
import { serveActs } from '../acts'
import { texts } from '../load/texts'
import { ownUsage } from '../own-usage'
import { openSendWindow, type Sends } from '../send-window'
import type { StorePlan } from './store-plan'

const atOnce = 10

/** What a plain chat does: one create per send, ten at a time, each its own transaction. Its places come from memory. */
const acts = {
  ...ownUsage,
  store: async ({ rooms, ...window }: StorePlan): Promise<Sends> => {
    const { prisma } = openDatabase(process.env.DATABASE_URL ?? '', { maxConnections: atOnce, onError: () => {} })
    const sends = openSendWindow(window)
    const places = new Map<string, number>()
    let next = 0
    const work = async () => {
      while (sends.isOpen()) {
        const index = next++
        const { id: roomId = '', authors = [] } = rooms[index % rooms.length] ?? {}
        const seq = (places.get(roomId) ?? 0) + 1
        places.set(roomId, seq)
        const text = texts[index % texts.length] ?? ''
        const bodyHash = createHash('sha256').update(text).digest()
        const since = performance.now()
        await prisma.message.create({
          data: {
            ...{ roomId, seq, version: seq, authorId: authors[index % authors.length] ?? '' },
            ...{ uid: randomUUID(), clientId: randomUUID(), bodyHash, text },
          },
        })
        sends.acknowledge(1, since)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return sends.result()
  },
}

export type StoringActs = typeof acts

serveActs(acts)
