import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Send } from '../../src/server/chat/send-queue'
import { storeStatement, toStoreInput } from '../../src/server/chat/store-sends'
import { serveActs } from '../acts'
import { texts } from '../load/texts'
import { ownUsage } from '../own-usage'
import { openSendWindow, type Sends } from '../send-window'
import type { StorePlan } from './store-plan'

const clients = 4
const batch = 100

/** What Postgres itself takes: Roomline's statement in full batches, from several clients that do nothing else. */
const acts = {
  ...ownUsage,
  store: async ({ rooms, ...window }: StorePlan): Promise<Sends> => {
    const sends = openSendWindow(window)
    const work = async (_: unknown, client: number) => {
      const connection = new pg.Client({ connectionString: process.env.DATABASE_URL ?? '' })
      await connection.connect()
      // Each has rooms of its own, so that they wait for each other only where there is one room.
      const own = rooms.length < clients ? rooms : rooms.filter((_room, index) => index % clients === client)
      for (let next = 0; sends.isOpen(); next += batch) {
        const given = Array.from({ length: batch }, (_send, index) => makeSend(own, next + index))
        const since = performance.now()
        await storeTogether(connection, given, rooms.length === 1)
        sends.acknowledge(batch, since)
      }
      await connection.end()
    }
    await Promise.all(Array.from({ length: clients }, work))
    return sends.result()
  },
}

async function storeTogether(connection: pg.Client, sends: Send[], mayWait: boolean): Promise<void> {
  const { rows } = await connection.query<{ outcome: string }>(storeStatement, [toStoreInput(sends), mayWait])
  const other = rows.find(({ outcome }) => outcome !== 'stored')
  if (other || rows.length !== sends.length) throw new Error(`a send was ${other?.outcome ?? 'lost'}`)
}

function makeSend(rooms: StorePlan['rooms'], index: number): Send {
  const { id: room = '', authors = [] } = rooms[index % rooms.length] ?? {}
  const authorId = authors[index % authors.length] ?? ''
  return { room, authorId, uid: randomUUID(), clientId: randomUUID(), text: texts[index % texts.length] ?? '' }
}

serveActs(acts)
