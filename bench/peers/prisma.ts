import { createHash, randomUUID } from 'node:crypto'
import { openDatabase } from '../../src/server/platform/database'
import { serveActs } from '../acts'
import { texts } from '../load/texts'
import { ownUsage } from '../own-usage'
import { openSendWindow, type Sends } from '../send-window'
import type { StorePlan } from './store-plan'

const parallel = 10

/** What a simple chat does: one `create` per send, each in its own transaction, ten at a time. It takes `seq` from memory. */
const acts = {
  ...ownUsage,
  store: async ({ rooms, ...window }: StorePlan): Promise<Sends> => {
    const { prisma } = openDatabase(process.env.DATABASE_URL ?? '', { maxConnections: parallel, onError: () => {} })
    const sends = openSendWindow(window)
    const lastSeqs = new Map<string, number>()
    let next = 0
    const work = async () => {
      while (sends.isOpen()) {
        const index = next++
        const { id: roomId = '', authors = [] } = rooms[index % rooms.length] ?? {}
        const seq = (lastSeqs.get(roomId) ?? 0) + 1
        lastSeqs.set(roomId, seq)
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
    await Promise.all(Array.from({ length: parallel }, work))
    return sends.result()
  },
}

export type StoringActs = typeof acts

serveActs(acts)
